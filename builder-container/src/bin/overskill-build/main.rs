//! `overskill-build DIR`: builds a folder as the product would, through the door of a builder of its own.

mod arguments;
mod build;
mod told;

use std::process::ExitCode;

use overskill_builder::client::Sources;

use crate::{
    arguments::{Arguments, HELP},
    build::Outcome,
};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("error: {message}\n\n{HELP}");
            return Ending::Builder.into();
        }
    };
    let outcome = match Sources::read(&arguments.folder) {
        Ok(sources) => build::build(&arguments, sources).await,
        Err(refusal) => Outcome::Refused(refusal),
    };
    let ending = outcome.ending();
    if arguments.json {
        println!("{}", told::json(&outcome));
    } else {
        print!("{}", told::text(&outcome));
    }
    ending.into()
}

/// How it ended, as an exit status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// It was built.
    Built,
    /// Its author can mend it.
    Author,
    /// It is over a limit, or no web project.
    Limit,
    /// The builder is to blame.
    Builder,
}

impl Ending {
    /// The exit status.
    const fn code(self) -> u8 {
        match self {
            Self::Built => 0,
            Self::Author => 1,
            Self::Limit => 2,
            Self::Builder => 3,
        }
    }
}

impl From<Ending> for ExitCode {
    fn from(ending: Ending) -> Self {
        Self::from(ending.code())
    }
}
