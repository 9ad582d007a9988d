//! Door one: the `busyhour` command. It reads files, prints, and computes nothing itself.

mod commands;
mod exit;
mod gate;
mod input;
mod many;
mod output;
mod progress;
mod shard;
mod style;
mod sweep;
mod trace;

use std::panic;
use std::process::{self, ExitCode};

use clap::Parser;

use self::commands::Busyhour;
use self::exit::Exit;

fn main() -> ExitCode {
    let command = Busyhour::parse();
    panics_exit();
    ExitCode::from(command.obey().code())
}

/// A panic prints itself and ends the program with the exit code that says so.
fn panics_exit() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        print(panic);
        process::exit(i32::from(Exit::Internal.code()));
    }));
}
