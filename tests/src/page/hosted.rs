//! The page as a folder on a server, below some path.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::thread::spawn;

use super::{complaints, digest};
use crate::browser::Browser;
use crate::support::{file, plan, play};

/// Where the folder lies on the server.
const BELOW: &str = "/some/where/";

/// Serves a folder below [`BELOW`] as long as the tests run; its address.
fn served(folder: PathBuf) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    spawn(move || {
        for stream in listener.incoming().flatten() {
            // a browser that hangs up early is no fault of the page
            let _ = answer(stream, &folder);
        }
    });
    format!("http://{address}{BELOW}")
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut line = String::new();
    let mut lines = BufReader::new(stream.try_clone()?);
    lines.read_line(&mut line)?;
    let mut rest = String::new();
    while lines.read_line(&mut rest)? > 2 {
        rest.clear();
    }
    let path = line.split(' ').nth(1).unwrap_or_default();
    let name = path.strip_prefix(BELOW).unwrap_or("nothing");
    let name = if name.is_empty() { "index.html" } else { name };
    let (status, bytes) = match fs::read(folder.join(name)) {
        Ok(bytes) => ("200 OK", bytes),
        Err(_) => ("404 Not Found", Vec::new()),
    };
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html",
        Some("css") => "text/css",
        Some("js") => "text/javascript",
        _ => "application/wasm",
    };
    let length = bytes.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\
         X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )?;
    stream.write_all(&bytes)
}

#[test]
fn the_folder_plays_below_any_path_of_a_server() {
    let Some(page) = std::env::var_os("BUSYHOUR_PAGE") else { return };
    let folder = PathBuf::from(page).with_file_name("dist");
    assert!(folder.join("index.html").is_file(), "cargo xtask web makes the folder too");
    let address = served(folder);
    let mut browser = Browser::start();
    let name = "four-workers-forty-rps";
    browser.go(&format!("{address}#preset={name}&play=max"));
    let there = digest(&mut browser, name);
    let plan = plan(&file(&format!("scenarios/{name}.yaml")), &[]);
    assert_eq!(there, format!("{:016x}", play(&plan, plan.seed).digest()));
    let style = "getComputedStyle(document.querySelector('.presets a, .play')).cursor";
    browser.shows(style, "pointer");
    let mut complaints = complaints(&browser.events);
    complaints.retain(|one| !one.starts_with(&format!("asks for {address}")));
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
