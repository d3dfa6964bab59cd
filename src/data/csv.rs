//! Reads CSV (RFC 4180), as an app's tables are taken away in it: a line that is cut in two is an error with its number, never a guess.
//! A cell that is empty is null, and `""` an empty text. Knows nothing of tables.

/// Why a text is no CSV.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A quote that nothing closes. The line is the one on which it stands.
    #[error("line {0}: a quote is opened and never closed")]
    Open(usize),
    /// A quote where none may be.
    #[error(
        "line {0}: a quote may only stand around a whole cell; inside of one that has quotes around it, it is written twice"
    )]
    Quote(usize),
    /// Too few cells or too many.
    #[error("line {line}: there are {found} cells, and the first line has {wanted}")]
    Cells {
        /// Where the record begins.
        line: usize,
        /// How many it has.
        found: usize,
        /// How many it should have.
        wanted: usize,
    },
}

/// A line of the table, which may be several of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its cells.
    pub cells: Vec<Option<String>>,
}

/// The records of a text, the first of which names the columns. Each has as many cells as that one. Lines with nothing on them are passed over,
/// as is a byte order mark. Ends after an error.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: &'a str,
    line: usize,
    width: Option<usize>,
}

impl<'a> Records<'a> {
    /// Those of this text.
    #[must_use]
    pub fn of(text: &'a str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
            width: None,
        }
    }

    /// Takes the end of a line off, when the text goes on with one.
    fn line_ends(&mut self) -> bool {
        let rest = self.rest.strip_prefix('\r').unwrap_or(self.rest);
        let Some(rest) = rest.strip_prefix('\n') else {
            return false;
        };
        self.rest = rest;
        self.line += 1;
        true
    }

    fn cell(&mut self) -> Result<Option<String>, CsvError> {
        let begin = self.line;
        let Some(mut rest) = self.rest.strip_prefix('"') else {
            let end = self.rest.find([',', '\n', '"']).unwrap_or(self.rest.len());
            let (cell, rest) = self.rest.split_at(end);
            if rest.starts_with('"') {
                return Err(CsvError::Quote(begin));
            }
            // The end of the line may have two characters.
            let cell = match cell.strip_suffix('\r') {
                Some(cell) if rest.is_empty() || rest.starts_with('\n') => cell,
                _ => cell,
            };
            self.rest = rest;
            return Ok((!cell.is_empty()).then(|| cell.to_owned()));
        };
        let mut cell = String::new();
        loop {
            let (part, after) = rest.split_once('"').ok_or(CsvError::Open(begin))?;
            self.line += part.bytes().filter(|byte| *byte == b'\n').count();
            cell.push_str(part);
            match after.strip_prefix('"') {
                Some(after) => {
                    cell.push('"');
                    rest = after;
                }
                None => {
                    self.rest = after;
                    return Ok(Some(cell));
                }
            }
        }
    }

    fn record(&mut self) -> Result<Record, CsvError> {
        let line = self.line;
        let mut cells = vec![self.cell()?];
        while let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            cells.push(self.cell()?);
        }
        if !self.rest.is_empty() && !self.line_ends() {
            // A lone one at the very end was the end of a line, too.
            match self.rest {
                "\r" => self.rest = "",
                _ => return Err(CsvError::Quote(self.line)),
            }
        }
        let wanted = *self.width.get_or_insert(cells.len());
        let found = cells.len();
        if found == wanted {
            Ok(Record { line, cells })
        } else {
            Err(CsvError::Cells {
                line,
                found,
                wanted,
            })
        }
    }
}

impl Iterator for Records<'_> {
    type Item = Result<Record, CsvError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.line_ends() {}
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = "";
        }
        Some(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<Vec<Option<String>>> {
        Records::of(text)
            .map(|record| record.unwrap().cells)
            .collect()
    }

    fn lines(text: &str) -> Vec<usize> {
        Records::of(text)
            .map(|record| record.unwrap().line)
            .collect()
    }

    fn error(text: &str) -> CsvError {
        let mut records = Records::of(text);
        let error = records.find_map(Result::err).unwrap();
        assert_eq!(records.next(), None, "it ends there");
        error
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn cells_are_told_apart_and_nothing_from_empty() {
        assert_eq!(
            cells("a,b,c\r\n1,,\"\"\r\n\"x \"\"y\"\", z\",\"two\r\nlines\", q \r\n"),
            [
                vec![some("a"), some("b"), some("c")],
                vec![some("1"), None, some("")],
                vec![some("x \"y\", z"), some("two\r\nlines"), some(" q ")],
            ]
        );
        assert_eq!(cells(""), Vec::<Vec<Option<String>>>::new());
        assert_eq!(cells("\r\n\n"), Vec::<Vec<Option<String>>>::new());
    }

    #[test]
    fn a_line_may_end_as_it_likes() {
        for text in [
            "a,b\n1,ü\n",
            "a,b\r\n1,ü\r\n",
            "\u{feff}a,b\n1,ü",
            "\na,b\n\n1,ü\r",
            "\"a\",\"b\"\r\n\"1\",\"ü\"\r",
        ] {
            assert_eq!(
                cells(text),
                [[some("a"), some("b")], [some("1"), some("ü")]],
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_record_knows_the_line_on_which_it_begins() {
        assert_eq!(lines("a\n\"1\n2\"\n\n3\n\"\n\n\"\r\n4"), [1, 2, 5, 6, 9]);
    }

    #[test]
    fn what_is_broken_is_told_with_its_line() {
        assert_eq!(error("a,b\n1,\"2\n3,4\n"), CsvError::Open(2));
        assert_eq!(error("a,b\n1,2\"\n"), CsvError::Quote(2));
        assert_eq!(error("a,b\n\"1\n\"x,2\n"), CsvError::Quote(3));
        for (text, line, found) in [("a,b\n\n1\n", 3, 1), ("a,b\n1,2\n1,2,3\n", 3, 3)] {
            let wanted = 2;
            assert_eq!(
                error(text),
                CsvError::Cells {
                    line,
                    found,
                    wanted
                }
            );
        }
        assert!(error("a\n\"").to_string().contains("line 2"));
    }

    #[test]
    fn whatever_is_written_is_read_again() {
        let pieces = [
            "",
            "a",
            "\"",
            ",",
            "\n",
            "\r",
            "\r\n",
            "ü",
            " ",
            "\"\"",
            "\u{1f600}",
        ];
        let mut seed = 7_u32;
        let mut next = |below: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % below
        };
        for _ in 0..2_000 {
            let width = 2 + next(3);
            let table: Vec<Vec<Option<String>>> = (0..1 + next(4))
                .map(|_| {
                    let mut cell = || {
                        let text: String =
                            (0..next(4)).map(|_| pieces[next(pieces.len())]).collect();
                        (next(4) > 0).then_some(text)
                    };
                    (0..width).map(|_| cell()).collect()
                })
                .collect();
            let written: String = table
                .iter()
                .map(|row| {
                    let cells: Vec<String> = row
                        .iter()
                        .map(|cell| match cell {
                            None => String::new(),
                            Some(text) => format!("\"{}\"", text.replace('"', "\"\"")),
                        })
                        .collect();
                    cells.join(",") + "\r\n"
                })
                .collect();
            assert_eq!(cells(&written), table, "{written:?}");
        }
    }
}
