//! `overskill-attack`: a builder of its own, and everything hostile that can be sent to it. `cargo xtask attack builder` and
//! the tests run this program: what one of them finds, the other does.

mod arguments;
mod attack;
mod builder;
mod canaries;
mod client;
mod clients;
mod field;
mod processes;
mod requests;
mod sources;
mod told;
mod workers;

use std::process::ExitCode;

use crate::{
    arguments::{Arguments, HELP},
    attack::{Attack, Row},
    field::Field,
};

/// The exit status when something was not contained.
const ESCAPED: u8 = 1;
/// The exit status when nothing could be tried.
const NOT_TRIED: u8 = 3;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Err(message) => {
            eprintln!("error: {message}\n\n{HELP}");
            return NOT_TRIED.into();
        }
    };
    let attacks: Vec<_> = all()
        .into_iter()
        .filter(|attack| arguments.wants(attack))
        .collect();
    if attacks.is_empty() {
        eprintln!("error: there is no such attack; --list names them");
        return NOT_TRIED.into();
    }
    if arguments.list {
        for attack in attacks {
            println!("{:<9} {:<22} {}", attack.group, attack.name, attack.tried);
        }
        return ExitCode::SUCCESS;
    }
    let rows = match at_every_level(&arguments, &attacks) {
        Ok(rows) => rows,
        Err(message) => {
            eprintln!("error: {message}");
            return NOT_TRIED.into();
        }
    };
    if arguments.json {
        println!("{}", told::json(&rows));
    } else {
        println!("{}", told::summary(&rows));
    }
    if rows.iter().all(|row| row.verdict.contained) {
        ExitCode::SUCCESS
    } else {
        ESCAPED.into()
    }
}

/// Every attack, by group.
fn all() -> Vec<Attack> {
    [
        sources::attacks(),
        workers::attacks(),
        requests::attacks(),
        clients::attacks(),
    ]
    .concat()
}

fn at_every_level(arguments: &Arguments, attacks: &[Attack]) -> Result<Vec<Row>, String> {
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for level in &arguments.levels {
        match Field::open(arguments, level) {
            Ok(field) => rows.extend(at(field, arguments, attacks)),
            Err(error) => refused.push(format!("{level}: {error}")),
        }
    }
    // A level that the machine does not offer is not tried, and that is said; none at all is no result.
    for line in &refused {
        eprintln!("not tried: {line}");
    }
    if rows.is_empty() {
        Err("no level was tried".to_owned())
    } else {
        Ok(rows)
    }
}

fn at(mut field: Field, arguments: &Arguments, attacks: &[Attack]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (n, attack) in attacks.iter().enumerate() {
        let made = n + 1;
        let is_followed = made % arguments.neighbour == 0 || made == attacks.len();
        let row = Row {
            group: attack.group,
            name: attack.name,
            tried: attack.tried,
            level: field.level.clone(),
            verdict: field.judge(attack, is_followed),
        };
        if !arguments.json {
            println!("{}", told::line(&row));
        }
        rows.push(row);
    }
    rows
}
