//! The servers behind a proxy as they are written: one service, or a line for each.

use crate::wiring::{Flaw, Service};

/// A whole number within limits: its default, the least and the most.
///
/// # Errors
/// A flaw at `path` if it is none.
pub fn whole(path: &str, given: Option<u32>, of: (u32, u32, u32)) -> Result<u32, Flaw> {
    let (default, least, most) = of;
    let number = given.unwrap_or(default);
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let name = path.rsplit('.').next().unwrap_or(path);
    let message = format!("{name} {number} is not possible");
    Err(Flaw::new(path, message, format!("write {least} to {most}")))
}

/// The servers as written, or one `line` for the service, each with the path of its fields; `what`
/// the proxy calls them.
///
/// # Errors
/// A flaw where both are given, or neither.
pub fn lines<S: Clone>(
    to: Option<&Service>,
    servers: &[S],
    line: impl Fn(Service) -> S,
    what: &str,
) -> Result<Vec<(String, S)>, Flaw> {
    match (to, servers.is_empty()) {
        (Some(to), true) => Ok(vec![(String::new(), line(to.clone()))]),
        (None, false) => {
            let all = servers.iter().enumerate();
            Ok(all.map(|(at, server)| (format!("servers[{at}]."), server.clone())).collect())
        }
        (Some(_), false) => {
            let message = format!("the {what} are given twice, by to and by servers");
            Err(Flaw::new("to", message, "keep one of the two"))
        }
        (None, true) => {
            let remedy = "write to: SERVICE, or servers: [{to: NODE}, ...]";
            Err(Flaw::new("", format!("the proxy has no {what}"), remedy))
        }
    }
}
