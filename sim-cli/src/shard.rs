//! Which part of a sweep a process plays: told, or taken from the job scheduler that started it.

use std::env::var;
use std::str::FromStr;

use sim_core::Shard;

/// A shard as written: its number, or that the job scheduler knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShardArg {
    index: Option<u32>,
    of: u32,
}

/// Where job schedulers say which task of an array this is.
const TASKS: [&str; 2] = ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"];

impl FromStr for ShardArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (index, of) = text.split_once('/')?;
            let of: u32 = of.parse().ok().filter(|of| (1..=100_000).contains(of))?;
            match index {
                "auto" => Some(ShardArg { index: None, of }),
                _ => {
                    let index = index.parse().ok().filter(|index| *index < of)?;
                    Some(ShardArg { index: Some(index), of })
                }
            }
        };
        read().ok_or_else(|| "write 0/4 to 3/4 for four shards, or auto/4".to_owned())
    }
}

impl ShardArg {
    /// The shard, with the number from the environment where it is not told.
    pub(crate) fn resolved(self) -> Result<Shard, String> {
        let ShardArg { index, of } = self;
        if let Some(index) = index {
            return Ok(Shard { index, of });
        }
        let Some((name, text)) = TASKS.iter().find_map(|name| Some((name, var(name).ok()?))) else {
            let names = TASKS.join(" nor ");
            return Err(format!("--shard auto/{of}: neither {names} is set: write --shard 0/{of}"));
        };
        let index = text.parse().ok().filter(|index| *index < of);
        index.map(|index| Shard { index, of }).ok_or_else(|| {
            format!("--shard auto/{of}: {name} is {text}, not 0 to {}", of.saturating_sub(1))
        })
    }
}
