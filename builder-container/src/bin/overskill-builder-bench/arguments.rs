//! The command line, as `cargo xtask bench build` writes it.

use std::path::PathBuf;

use overskill_builder::client::AnyError;

/// Sources that are built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shell {
    /// What they are called in the table.
    pub(crate) name: String,
    /// Where they are.
    pub(crate) folder: PathBuf,
}

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// Whether few runs are enough.
    pub(crate) quick: bool,
    /// The builder's program.
    pub(crate) builder: PathBuf,
    /// The packages that build.
    pub(crate) toolchain: PathBuf,
    /// The Node that builds, and that runs bare Vite.
    pub(crate) node: PathBuf,
    /// A folder of its own.
    pub(crate) state: PathBuf,
    /// What is built; several are sent at once of the first.
    pub(crate) shells: Vec<Shell>,
}

impl Arguments {
    /// Reads the words after the program's name: `--quick`, and `--builder`, `--toolchain`, `--node`, `--state` with a
    /// path each, and as many `--shell NAME=DIR` as wanted.
    ///
    /// # Errors
    /// At the first word that is unknown, incomplete or missing.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, AnyError> {
        let (mut builder, mut toolchain, mut node, mut state) = (None, None, None, None);
        let (mut quick, mut shells) = (false, Vec::new());
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word == "--quick" {
                quick = true;
                continue;
            }
            let value = words.next().ok_or(format!("`{word}` needs a value"))?;
            let place = match word.as_str() {
                "--builder" => &mut builder,
                "--toolchain" => &mut toolchain,
                "--node" => &mut node,
                "--state" => &mut state,
                "--shell" => {
                    let (name, folder) = value.split_once('=').ok_or("`--shell` is NAME=DIR")?;
                    shells.push(Shell {
                        name: name.to_owned(),
                        folder: PathBuf::from(folder),
                    });
                    continue;
                }
                _ => return Err(format!("unknown flag `{word}`").into()),
            };
            *place = Some(PathBuf::from(value));
        }
        let needed = |value: Option<PathBuf>, flag| value.ok_or(format!("`{flag}` is missing"));
        Ok(Self {
            quick,
            builder: needed(builder, "--builder")?,
            toolchain: needed(toolchain, "--toolchain")?,
            node: needed(node, "--node")?,
            state: needed(state, "--state")?,
            shells,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Arguments, String> {
        Arguments::parse(line.split(' ').map(str::to_owned)).map_err(|error| error.to_string())
    }

    #[test]
    fn words_are_read() {
        let line = "--quick --builder b --toolchain t --node n --state s --shell a=x/y --shell c=d";
        let arguments = parse(line).unwrap();
        assert!(arguments.quick);
        assert_eq!(arguments.node, PathBuf::from("n"));
        let names: Vec<_> = arguments
            .shells
            .iter()
            .map(|shell| shell.name.as_str())
            .collect();
        assert_eq!(names, ["a", "c"]);
        for (line, said) in [
            ("--builder b", "`--toolchain` is missing"),
            ("--shell a", "NAME=DIR"),
            ("--node", "needs a value"),
            ("--slow 1", "unknown flag"),
        ] {
            assert!(parse(line).unwrap_err().contains(said), "{line}");
        }
    }
}
