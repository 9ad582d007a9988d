//! `busyhour serve`: hands the page to browsers, by default to those on this machine only.

use std::env;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::routing::get;
use clap::Args;
use tokio::net::TcpListener;

use crate::exit::{Exit, Failure};
use crate::output::{print, talk};

/// What opens an address in the browser that the person has chosen.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Port to listen on; 0 takes one that is free
    #[arg(long, default_value_t = 8460)]
    port: u16,
    /// Address to listen on; 0.0.0.0 lets other machines in, say in a workshop
    #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_name = "ADDRESS")]
    host: IpAddr,
    /// Open the page in the browser
    #[arg(long)]
    open: bool,
    /// The page's file, instead of the one that cargo xtask web has made
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
}

/// The page as it is sent.
#[derive(Clone)]
struct Page {
    text: Bytes,
    policy: HeaderValue,
}

pub(super) fn serve(args: &ServeArgs) -> Result<Exit, Failure> {
    let page = Page::load(args.page.as_deref())?;
    ctrlc::set_handler(|| process::exit(i32::from(Exit::Ok.code())))
        .map_err(|error| Failure::internal(format!("cannot listen for interrupts: {error}")))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let runtime =
        runtime.map_err(|error| Failure::internal(format!("cannot begin to serve: {error}")))?;
    runtime.block_on(listen(args, page))
}

async fn listen(args: &ServeArgs, page: Page) -> Result<Exit, Failure> {
    let wanted = SocketAddr::new(args.host, args.port);
    let bound = async {
        let listener = TcpListener::bind(wanted).await?;
        let address = listener.local_addr()?;
        io::Result::Ok((listener, address))
    };
    let (listener, address) = bound.await.map_err(|error| {
        Failure::usage(format!("cannot listen on {wanted}: {error}; --port 0 takes a free port"))
    })?;
    let address = format!("http://{address}/");
    print(&format!("{address}\n"))?;
    talk("The page is served until Ctrl-C.\n");
    if args.open {
        open(&address);
    }
    axum::serve(listener, router(page))
        .await
        .map_err(|error| Failure::internal(format!("the server stopped: {error}")))?;
    Ok(Exit::Ok)
}

fn router(page: Page) -> Router {
    let nothing = HeaderValue::from_static("default-src 'none'");
    let missing = (StatusCode::NOT_FOUND, headers("text/plain", nothing), "the page is at /\n");
    let shown = move || async { (headers("text/html", page.policy), page.text) };
    Router::new().route("/", get(shown)).fallback(move || async { missing })
}

fn headers(kind: &str, policy: HeaderValue) -> [(HeaderName, HeaderValue); 5] {
    let kind = match kind {
        "text/html" => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        // a page that was built anew is shown anew
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ]
}

impl Page {
    fn load(asked: Option<&Path>) -> Result<Self, Failure> {
        let path = match asked {
            Some(path) => path.to_owned(),
            None => places().into_iter().find(|path| path.is_file()).ok_or_else(|| {
                Failure::usage(
                    "the page is not built yet: cargo xtask web makes it, or name one with --page",
                )
            })?,
        };
        let name = path.display();
        let text = fs::read_to_string(&path).map_err(|error| {
            let remedy = "cargo xtask web makes the page";
            Failure::usage(format!("cannot read the page {name}: {error}; {remedy}"))
        })?;
        let policy = policy(&text).and_then(|policy| HeaderValue::from_str(policy).ok());
        let policy = policy.ok_or_else(|| {
            Failure::usage(format!("{name} is no page that cargo xtask web has made"))
        })?;
        Ok(Page { text: Bytes::from(text), policy })
    }
}

/// Where the page may lie: beside the program, where cargo puts both, and where it is built.
fn places() -> Vec<PathBuf> {
    let beside = env::current_exe().ok().and_then(|program| Some(program.parent()?.to_owned()));
    let mut places = Vec::new();
    if let Some(folder) = beside {
        places.push(folder.join("busyhour.html"));
        places.push(folder.join("../web/busyhour.html"));
    }
    places.push(PathBuf::from("target/web/busyhour.html"));
    places
}

/// The policy that the page states for itself, which holds for every part of it.
fn policy(page: &str) -> Option<&str> {
    let (_, rest) = page.split_once("http-equiv=\"Content-Security-Policy\" content=\"")?;
    Some(rest.split_once('"')?.0)
}

/// Asks the desktop to show an address. Where there is none, the address is printed anyway.
fn open(address: &str) {
    let mut command = Command::new(OPENER);
    command.arg(address).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if let Err(error) = command.spawn() {
        talk(&format!("cannot open a browser ({OPENER}: {error}): open the address yourself\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::policy;

    #[test]
    fn the_policy_is_the_pages_own() {
        let page = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'\">";
        assert_eq!(policy(page), Some("default-src 'none'"));
        assert_eq!(policy("<p>something else</p>"), None);
    }
}
