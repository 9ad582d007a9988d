//! Files as their tools write them, and what must come out.

use std::fmt::Write as _;

use super::access_log::days;
use super::{Collector, Fit, Format, word};
use crate::engine::chance::{Draw, Law, exponential, normal};
use crate::engine::time::SECOND;
use crate::scenario::{NoFiles, read};

fn collected(text: &str) -> Collector {
    let mut lines = text.lines();
    let first = lines.next().unwrap();
    let mut collector = Collector::new(first).unwrap().keeping();
    text.lines().for_each(|line| collector.line(line));
    collector
}

fn fit(text: &str) -> Fit {
    collected(text).fit().unwrap()
}

/// A log of Poisson arrivals at 20 a second over 200 s, nine of ten asking for a product in
/// lognormal times with a median of 50 ms, the others paying in 200 ms each.
fn log() -> String {
    let mut rng = Draw::new(1);
    let (mut at, mut text) = (0.0, String::new());
    while at < 200.0 {
        at += exponential(&mut rng) / 20.0;
        let pays = exponential(&mut rng) > std::f64::consts::LN_10;
        let took = if pays { 0.2 } else { 0.05 * libm::exp(0.8 * normal(&mut rng)) };
        let what = if pays { "POST /pay" } else { "GET /product/4711?ref=x" };
        let second = 10 + at as u64;
        let _ = writeln!(
            text,
            "198.51.100.7 - - [27/Nov/2026:06:{:02}:{:02} +0100] \"{what} HTTP/1.1\" 200 512 \
             \"-\" \"curl/8 (a \\b)\" {took:.4}",
            second / 60,
            second % 60,
        );
    }
    text
}

#[test]
fn an_access_log_gives_arrivals_mix_and_times() {
    let text = log();
    let fit = fit(&text);
    assert_eq!((fit.format, fit.skipped, fit.error_share), (Format::AccessLog, 0, 0.0));
    assert_eq!(fit.requests, text.lines().count() as u64);
    let names: Vec<&str> = fit.endpoints.keys().map(String::as_str).collect();
    assert_eq!(names, ["get-product-id", "post-pay"]);
    let product = fit.endpoints["get-product-id"].time.as_ref().unwrap();
    let law = product.law.compile().unwrap();
    assert!(matches!(law, Law::Lognormal { .. }), "{law:?}");
    assert!((law.quantile(0.5).unwrap() / 0.05 - 1.0).abs() < 0.1);
    // with 2,400 and 1,200 times the largest distance is below 1.95/sqrt(n) in 999 of 1,000 cases
    assert!(product.distance < 0.04 && product.held_out.unwrap() < 0.06, "{product:?}");
    let pay = fit.endpoints["post-pay"].time.as_ref().unwrap().law.compile().unwrap();
    assert_eq!(pay.constant_nanos(), Some(SECOND / 5));
    assert!(fit.rates.iter().all(|rate| (10.0..30.0).contains(rate)), "{:?}", fit.rates);
    assert!((0.7..1.4).contains(&fit.dispersion.unwrap()), "{:?}", fit.dispersion);
}

#[test]
fn what_was_found_can_be_played() {
    let collector = collected(&log());
    let recorded = collector.recorded().unwrap();
    assert_eq!(recorded.lines().count() as u64, 1 + collector.clone().fit().unwrap().requests);
    assert!(recorded.starts_with("time_s,endpoint,demand_ms\n0.000000,"), "{}", &recorded[..60]);
    let yaml = collector.fit().unwrap().to_yaml();
    let reading = read("fitted.yaml", &yaml, &[], &NoFiles);
    let first = reading.problems.iter().next();
    assert!(reading.plan.is_some() && first.is_none(), "{first:?}\n{yaml}");
    assert!(yaml.matches("TODO").count() >= 4, "{yaml}");
}

#[test]
fn lines_that_are_no_requests_are_counted() {
    let text = format!("{}- - nonsense\n\n203.0.113.9 - - [bad] \"GET / HTTP/1.1\" 200 1\n", log());
    assert_eq!(fit(&text).skipped, 2);
}

#[test]
fn a_common_log_has_no_times_and_says_so() {
    let line = "203.0.113.9 - ann [27/Nov/2026:06:00:0S +0000] \"GET / HTTP/1.0\" 503 2326";
    let text: Vec<String> = (0..9).map(|s| line.replace('S', &s.to_string())).collect();
    let fit = fit(&text.join("\n"));
    assert_eq!((fit.requests, fit.error_share, fit.span_s), (9, 1.0, 8.0));
    assert_eq!(fit.endpoints["get-root"].time, None);
    assert_eq!(fit.unknown[0], "how long a request takes");
    assert!(fit.to_yaml().contains("get-root: [io: 50ms]  # TODO"), "{}", fit.to_yaml());
}

#[test]
fn k6_points_become_requests() {
    let mut text =
        "{\"type\":\"Metric\",\"data\":{\"name\":\"http_reqs\"},\"metric\":\"http_reqs\"}\n"
            .to_owned();
    for second in 10..40 {
        let _ = writeln!(
            text,
            "{{\"type\":\"Point\",\"data\":{{\"time\":\"2026-11-27T10:00:{second}.5+02:00\",\
             \"value\":250,\"tags\":{{\"method\":\"GET\",\"name\":\"https://shop.example/cart\",\
             \"status\":\"200\"}}}},\"metric\":\"http_req_duration\"}}"
        );
    }
    let fit = fit(&text);
    assert_eq!((fit.format, fit.requests, fit.span_s), (Format::K6, 30, 29.0));
    let law = fit.endpoints["get-cart"].time.as_ref().unwrap().law.compile().unwrap();
    assert_eq!(law.constant_nanos(), Some(SECOND / 4));
    let at = super::k6::time("2026-11-27T10:00:10.5+02:00").unwrap();
    assert_eq!(at, (days(2026, 11, 27) * 86_400 + 8 * 3_600 + 10) as f64 + 0.5);
}

#[test]
fn locust_tells_percentiles_and_rates() {
    let text = "Type,Name,Request Count,Failure Count,Median Response Time,Requests/s,\
                50%,95%,100%\n\
                GET,/,900,9,40,9.0,40,120,300\nPOST,\"/buy, now\",100,1,80,1.0,80,200,400\n\
                ,Aggregated,1000,10,44,10.0,44,130,400\n";
    let fit = fit(text);
    assert_eq!((fit.requests, fit.error_share, &fit.rates[..]), (1_000, 0.01, &[10.0][..]));
    let law = fit.endpoints["get-root"].time.as_ref().unwrap().law.compile().unwrap();
    assert!((law.quantile(0.95).unwrap() - 0.12).abs() < 1e-9);
    assert_eq!(fit.endpoints.keys().nth(1).unwrap(), "post-buy--now");
    assert_eq!(collected(text).recorded(), None);
}

#[test]
fn spans_of_servers_become_requests() {
    let span = |at: u64| {
        format!(
            "{{\"kind\":2,\"name\":\"GET\",\"startTimeUnixNano\":\"{}\",\"endTimeUnixNano\":\"{}\",\
             \"attributes\":[{{\"key\":\"http.route\",\
             \"value\":{{\"stringValue\":\"/user/{{id}}\"}}}},\
             {{\"key\":\"http.request.method\",\"value\":{{\"stringValue\":\"GET\"}}}}],\
             \"status\":{{\"code\":{}}}}}",
            at * SECOND,
            at * SECOND + 30_000_000,
            if at == 3 { 2 } else { 0 },
        )
    };
    let inner =
        "{\"kind\":3,\"name\":\"SELECT\",\"startTimeUnixNano\":\"0\",\"endTimeUnixNano\":\"9\"}";
    let spans: Vec<String> = (0..20).map(span).chain([inner.to_owned()]).collect();
    let text =
        format!("{{\"resourceSpans\":[{{\"scopeSpans\":[{{\"spans\":[{}]}}]}}]}}", spans.join(","));
    let fit = fit(&text);
    assert_eq!((fit.format, fit.requests, fit.error_share), (Format::Otlp, 20, 0.05));
    assert_eq!(fit.endpoints.keys().next().unwrap(), "get-user-id");
}

#[test]
fn endpoints_are_words() {
    for (method, path, said) in [
        ("GET", "/", "get-root"),
        ("GET", "/a/12/b?x=1#y", "get-a-id-b"),
        ("PUT", "/f/0b5c1e7a-9d1f-4c6e-8b1a-0123456789ab", "put-f-id"),
        ("GET", "/static/app.css", "get-static-app-css"),
        ("", "checkout", "checkout"),
    ] {
        assert_eq!(word(method, path), said);
    }
    assert!(Collector::new("hello").is_err());
}
