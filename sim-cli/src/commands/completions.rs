//! `busyhour completions`: a script that teaches a shell the commands.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Busyhour;
use crate::exit::{Exit, Failure};
use crate::output::print;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Busyhour::command(), "busyhour", &mut script);
    print(&script)?;
    Ok(Exit::Ok)
}
