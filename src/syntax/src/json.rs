//! JSON after RFC 8259, and the kind with comments and commas at the end that `tsconfig.json` is.
//!
//! Keeps a stack of its own, so that depth costs no recursion.

use std::collections::HashSet;

use crate::{Facts, Fault, FaultKind, MAX_DEPTH, Member};

mod token;

/// The facts of a JSON text. `lenient` takes comments, and commas before a closing bracket.
pub(crate) fn facts(text: &str, lenient: bool) -> Facts {
    let mut reader = Reader {
        text,
        at: 0,
        lenient,
        open: Vec::new(),
        facts: Facts::default(),
    };
    match reader.document() {
        Ok(()) => {}
        Err(Stop::TooDeep) => {
            return Facts::unchecked(format!(
                "It is nested more than {MAX_DEPTH} deep, which is not parsed"
            ));
        }
        Err(Stop::Fault(fault)) => reader.facts.faults.push(fault),
    }
    let end = text.len();
    for open in reader.open.drain(..) {
        if let Some(member) = open
            .member
            .and_then(|index| reader.facts.members.get_mut(index))
        {
            member.end = end;
        }
    }
    reader.facts
}

/// Why reading ends before the end.
enum Stop {
    TooDeep,
    Fault(Fault),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An array or object that is open.
struct Open {
    start: usize,
    closer: char,
    /// The member that is being read in it.
    member: Option<usize>,
    keys: HashSet<String>,
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    Value,
    /// The first value of an array, or its end.
    ValueOrEnd,
    /// The first key of an object, or its end.
    KeyOrEnd,
    Key,
    CommaOrEnd,
    Nothing,
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    lenient: bool,
    open: Vec<Open>,
    facts: Facts,
}

impl Reader<'_> {
    fn document(&mut self) -> Result<(), Stop> {
        let mut next = Next::Value;
        loop {
            self.space()?;
            let Some(found) = self.rest().chars().next() else {
                return if next == Next::Nothing {
                    Ok(())
                } else {
                    Err(self.ended().into())
                };
            };
            next = match next {
                Next::Nothing => {
                    return Err(self.unexpected("Nothing may follow the value").into());
                }
                Next::Value => self.value(found)?,
                Next::ValueOrEnd | Next::KeyOrEnd | Next::CommaOrEnd if self.closes(found) => {
                    self.close()
                }
                Next::ValueOrEnd => self.value(found)?,
                Next::KeyOrEnd | Next::Key => self.key(found)?,
                Next::CommaOrEnd => self.comma(found)?,
            };
        }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn closes(&self, found: char) -> bool {
        self.open.last().is_some_and(|open| open.closer == found)
    }

    fn value(&mut self, found: char) -> Result<Next, Stop> {
        let start = self.at;
        match found {
            '{' | '[' => {
                self.at += 1;
                if self.open.len() >= MAX_DEPTH {
                    return Err(Stop::TooDeep);
                }
                self.open.push(Open {
                    start,
                    closer: if found == '{' { '}' } else { ']' },
                    member: None,
                    keys: HashSet::new(),
                });
                return Ok(if found == '{' {
                    Next::KeyOrEnd
                } else {
                    Next::ValueOrEnd
                });
            }
            '"' => {
                self.string()?;
            }
            _ => self.scalar()?,
        }
        Ok(self.after_value())
    }

    /// What may follow a value. The member that it belongs to ends here.
    fn after_value(&mut self) -> Next {
        let Some(open) = self.open.last_mut() else {
            return Next::Nothing;
        };
        if let Some(member) = open
            .member
            .take()
            .and_then(|index| self.facts.members.get_mut(index))
        {
            member.end = self.at;
        }
        Next::CommaOrEnd
    }

    fn close(&mut self) -> Next {
        self.at += 1;
        self.open.pop();
        self.after_value()
    }

    fn comma(&mut self, found: char) -> Result<Next, Stop> {
        let closer = self.open.last().map_or('}', |open| open.closer);
        if found != ',' {
            return Err(self
                .unexpected(&format!("A comma or `{closer}` belongs here"))
                .into());
        }
        let comma = self.at;
        self.at += 1;
        self.space()?;
        if self.closes(self.rest().chars().next().unwrap_or_default()) {
            if self.lenient {
                return Ok(Next::CommaOrEnd);
            }
            self.at = comma;
            return Err(self
                .unexpected(&format!("No comma may stand before `{closer}`"))
                .into());
        }
        Ok(if closer == '}' {
            Next::Key
        } else {
            Next::Value
        })
    }

    fn key(&mut self, found: char) -> Result<Next, Stop> {
        if found != '"' {
            return Err(self
                .unexpected("A key in double quotes belongs here")
                .into());
        }
        let start = self.at;
        let name = self.string()?;
        let parents = self.open.iter().rev().skip(1);
        let member = Member {
            name: name.clone(),
            start,
            end: self.at,
            parent: parents.clone().find_map(|open| open.member),
            container: self.open.last().map_or(0, |open| open.start),
        };
        let index = self.facts.members.len();
        self.facts.members.push(member);
        if let Some(open) = self.open.last_mut() {
            open.member = Some(index);
            if !open.keys.insert(name.clone()) {
                self.facts.faults.push(Fault {
                    start,
                    end: self.at,
                    message: format!("The key `{name}` stands twice"),
                    help: None,
                    kind: FaultKind::Duplicate,
                });
            }
        }
        self.space()?;
        if !self.rest().starts_with(':') {
            return Err(self.unexpected("A colon belongs after the key").into());
        }
        self.at += 1;
        Ok(Next::Value)
    }

    /// White space, and comments where they may stand.
    fn space(&mut self) -> Result<(), Stop> {
        loop {
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
            let rest = self.rest();
            let length = if rest.starts_with("//") {
                Some(rest.find('\n').unwrap_or(rest.len()))
            } else if rest.starts_with("/*") {
                rest.find("*/").map(|length| length + 2)
            } else {
                return Ok(());
            };
            if !self.lenient {
                return Err(self.unexpected("JSON has no comments").into());
            }
            match length {
                Some(length) => self.at += length,
                None => return Err(self.unexpected("The comment is never closed").into()),
            }
        }
    }

    /// A fault of the character at hand.
    fn unexpected(&self, message: &str) -> Fault {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.fault(self.at, self.at + length, String::from(message))
    }

    fn fault(&self, start: usize, end: usize, message: String) -> Fault {
        Fault {
            start,
            end,
            message,
            help: None,
            kind: FaultKind::Syntax,
        }
    }

    fn ended(&self) -> Fault {
        let end = self.text.len();
        let Some(open) = self.open.last() else {
            return self.fault(end, end, String::from("There is no value"));
        };
        let line = self
            .text
            .get(..open.start)
            .unwrap_or_default()
            .matches('\n')
            .count()
            + 1;
        let closer = open.closer;
        Fault {
            help: Some(format!("It would close what opens on line {line}")),
            ..self.fault(end, end, format!("The file ends where `{closer}` belongs"))
        }
    }
}

#[cfg(test)]
mod tests;
