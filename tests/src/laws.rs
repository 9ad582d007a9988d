//! Laws: what queueing theory says of a scenario must come out of playing it.
//!
//! Every law is a scenario as a user writes it, played under the seeds 1 to R with its warm-up left
//! out. A figure passes if theory lies within the interval of 99.99 % confidence over the runs, and
//! if that interval is narrower than the precision stated beside it: a vague answer fails too. The
//! level is that high because a hundred figures are judged at once. All laws use the same seeds,
//! and so much of the same luck: what is a little high in one line is so in its neighbours.
//!
//! In every one of these runs Little's law must hold to the nanosecond, see `little.rs`.
//!
//! `cargo test -p tests laws -- --nocapture --test-threads=1` prints the table.

mod app_tier;
mod caching;
mod dispatch;
mod general;
mod little;
mod markov;
mod networks;
mod oracle;
mod sharing;
mod statistics;
mod ties;
mod transient;
mod trial;

/// Poisson or other users before one station, with seconds of warm-up and of duration.
fn station(arrivals: &str, (warmup, duration): (u64, u64), form: &str) -> String {
    format!(
        "busyhour: 1\nwarmup: {warmup}s\nduration: {duration}s\n\
         users:\n  all: {{enter: line, arrivals: {arrivals}}}\n\
         nodes:\n  line: {{component: station, {form}}}\n"
    )
}
