//! Door one: the `busyhour` command. It reads files, prints, and computes nothing itself.

mod commands;
mod exit;
mod input;
mod output;
mod progress;
mod style;

use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser;

use self::commands::Busyhour;
use self::exit::Exit;

fn main() -> ExitCode {
    let command = Busyhour::parse();
    // the panic has been printed already; what is left is to say it with the exit code
    let exit = catch_unwind(|| command.obey()).unwrap_or(Exit::Internal);
    ExitCode::from(exit.code())
}
