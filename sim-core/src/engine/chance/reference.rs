//! Laws solved from percentiles and means, against the reference values of the domain facts.

use crate::engine::chance::{Law, LawSpec};

fn compile(text: &str) -> Result<Law, String> {
    serde_json::from_str::<LawSpec>(text).map_err(|e| e.to_string())?.compile()
}

fn near(a: f64, b: f64, relative: f64) {
    assert!((a / b - 1.0).abs() <= relative, "{a} should be {b}");
}

#[test]
fn p50_of_50ms_and_p99_of_500ms_have_their_reference_values() {
    let law = compile(r#"{"lognormal": {"p50": "50ms", "p99": "500ms"}}"#).unwrap();
    let Law::Lognormal { sigma, .. } = law else { panic!("{law:?}") };
    near(sigma, 0.98979, 1e-5);
    near(law.mean(), 0.08160, 1e-4);
    near(law.scv(), 1.6636, 1e-4);
    near(law.quantile(0.95).unwrap(), 0.2547, 1e-3);
    near(law.quantile(0.999).unwrap(), 1.065, 1e-3);
    let law = compile(r#"{"pareto": {"p50": "50ms", "p99": "500ms"}}"#).unwrap();
    let Law::Pareto { scale, shape } = law else { panic!("{law:?}") };
    near(shape, 1.699, 1e-4);
    near(scale, 0.03325, 1e-4);
    near(law.mean(), 0.0808, 1e-3);
    assert_eq!(law.scv(), f64::INFINITY);
    let law = compile(r#"{"weibull": {"p50": "50ms", "p99": "500ms"}}"#).unwrap();
    let Law::Weibull { shape, .. } = law else { panic!("{law:?}") };
    near(shape, 0.8224, 1e-4);
    near(law.mean(), 0.0868, 1e-3);
    near(law.scv(), 1.497, 1e-3);
}

#[test]
fn tail_ratios_and_balanced_means_have_their_reference_values() {
    for (p99, sigma0, mean, scv) in [("5s", 0.6918, 1.270, 0.614), ("20s", 1.2877, 2.291, 4.25)] {
        let text = format!(r#"{{"lognormal": {{"p50": "1s", "p99": "{p99}"}}}}"#);
        let law = compile(&text).unwrap();
        let Law::Lognormal { sigma, .. } = law else { panic!("{law:?}") };
        near(sigma, sigma0, 1e-4);
        near(law.mean(), mean, 1e-3);
        near(law.scv(), scv, 1e-3);
    }
    for (cv, p0, rate1, rate2) in
        [(2.0, 0.887_298, 1.774_597, 0.225_403), (10f64.sqrt(), 0.952_267, 1.904_534, 0.095_466)]
    {
        let text = format!(r#"{{"hyperexponential": {{"mean": "1s", "cv": {cv}}}}}"#);
        let law = compile(&text).unwrap();
        let Law::Hyperexponential { p, mean1, mean2 } = law else { panic!("{law:?}") };
        near(p, p0, 1e-6);
        near(1.0 / mean1, rate1, 1e-6);
        near(1.0 / mean2, rate2, 1e-5);
        near(law.mean(), 1.0, 1e-12);
        near(law.scv(), cv * cv, 1e-12);
    }
}

#[test]
fn every_way_to_write_a_law_meets_what_was_written() {
    let mean_is_20ms = [
        r#"{"exponential": "20ms"}"#,
        r#"{"exponential": {"mean": "20ms"}}"#,
        r#"{"uniform": {"low": "10ms", "high": "30ms"}}"#,
        r#"{"lognormal": {"mean": "20ms", "cv": 0.5}}"#,
        r#"{"lognormal": {"mean": "20ms", "sigma": 1}}"#,
        r#"{"lognormal": {"mean": "20ms", "p99": "100ms"}}"#,
        r#"{"lognormal": {"mean": "20ms", "p95": "60ms"}}"#,
        r#"{"lognormal": {"mean": "20ms", "p50": "10ms"}}"#,
        r#"{"gamma": {"mean": "20ms", "cv": 1.5}}"#,
        r#"{"gamma": {"mean": "20ms", "shape": 3}}"#,
        r#"{"erlang": {"k": 4, "mean": "20ms"}}"#,
        r#"{"weibull": {"mean": "20ms", "shape": 0.7}}"#,
        r#"{"hyperexponential": {"mean": "20ms", "cv": 3}}"#,
        r#"{"quantiles": {"p0": "10ms", "p50": "20ms", "p100": "30ms"}}"#,
        r#"{"shifted": {"by": "5ms", "law": {"exponential": "15ms"}}}"#,
    ];
    for text in mean_is_20ms {
        near(compile(text).unwrap().mean(), 0.020, 1e-9);
    }
    let quantile = |text, p| compile(text).unwrap().quantile(p).unwrap();
    near(quantile(mean_is_20ms[5], 0.99), 0.100, 1e-12);
    near(quantile(mean_is_20ms[6], 0.95), 0.060, 1e-12);
    near(quantile(mean_is_20ms[7], 0.5), 0.010, 1e-12);
    near(compile(mean_is_20ms[3]).unwrap().scv(), 0.25, 1e-12);
    near(compile(mean_is_20ms[8]).unwrap().scv(), 2.25, 1e-12);
    let weibull = r#"{"weibull": {"p50": "5ms", "p99": "80ms"}}"#;
    near(quantile(weibull, 0.5), 0.005, 1e-12);
    near(quantile(weibull, 0.99), 0.080, 1e-12);
    let bounded = r#"{"pareto": {"scale": "1ms", "shape": 1.1, "max": "1s"}}"#;
    assert_eq!(quantile(bounded, 0.0), 0.001);
    near(quantile(bounded, 1.0), 1.0, 1e-12);
    assert_eq!(compile(r#""20ms""#).unwrap().constant_nanos(), Some(20_000_000));
}

#[test]
fn impossible_laws_are_sentences() {
    for (text, sentence) in [
        (r#"{"lognormal": {"p50": "10ms", "p99": "5ms"}}"#, "p99 (5ms) must be above p50 (10ms)"),
        (r#"{"lognormal": {"mean": "1ms", "p99": "1s"}}"#, "p99 (1s) is more than 15.0 times"),
        (r#"{"lognormal": {"mean": "1ms"}}"#, "lognormal got mean: write mean with cv"),
        (r#"{"lognormal": {}}"#, "lognormal got nothing: write"),
        (r#"{"exponential": "0s"}"#, "mean (0s) must be above zero"),
        (r#"{"uniform": {"low": "2s", "high": "1s"}}"#, "high (1s) must not be below low (2s)"),
        (r#"{"pareto": {"scale": "1s"}}"#, "pareto got scale: write scale and shape"),
        (r#"{"pareto": {"scale": "1s", "shape": 0}}"#, "shape (0) must be a number from 0.01"),
        (r#"{"pareto": {"scale": "1s", "shape": 1, "max": "1s"}}"#, "max (1s) must be above"),
        (r#"{"gamma": {"mean": "1s"}}"#, "gamma got mean: write mean and cv"),
        (r#"{"erlang": {"k": 0, "mean": "1s"}}"#, "k (0) must be 1 or more"),
        (r#"{"weibull": {"p99": "1s"}}"#, "weibull got p99: write p50 and p99"),
        (r#"{"hyperexponential": {"mean": "1s", "cv": 0.5}}"#, "cv (0.5) must be from 1"),
        (r#"{"quantiles": {"p50": "1s"}}"#, "quantiles lack p0 or p100"),
        (r#"{"quantiles": {"median": "1s"}}"#, "\"median\" is no percentile"),
        (r#"{"quantiles": {"p0": "2s", "p100": "1s"}}"#, "p100 (1s) must not be below p0 (2s)"),
    ] {
        let error = compile(text).unwrap_err();
        assert!(error.starts_with(sentence), "{text}: {error}");
    }
}
