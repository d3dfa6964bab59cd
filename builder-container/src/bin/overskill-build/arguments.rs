//! The command line.

use std::path::PathBuf;

use overskill::build::Mode;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
overskill-build DIR: builds a folder as the product would

  --mode development|production   (default: development)
  --json           one JSON object instead of text
  --out DIR        write what was built there; a folder that is empty or not there yet
  --builder URL    the builder that is asked, which knows the hash of BUILDER_TOKEN; without it, one is started for the job:
  --toolchain DIR  folder with package.json, package-lock.json and node_modules (required)
  --state DIR      folder for the job while it is built; emptied at start (required)
  --node PATH      Node 22.15 or newer (default: node)

exit status: 0 built; 1 the app's author can mend it; 2 over a limit, or no web project; 3 the builder's fault";

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// The sources.
    pub(crate) folder: PathBuf,
    /// What the build is for.
    pub(crate) mode: Mode,
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// Where the artifacts go.
    pub(crate) out: Option<PathBuf>,
    /// A builder that runs already.
    pub(crate) builder: Option<String>,
    /// The packages that build.
    pub(crate) toolchain: PathBuf,
    /// Where the job lives.
    pub(crate) state: PathBuf,
    /// The Node program.
    pub(crate) node: PathBuf,
}

impl Arguments {
    /// Reads the words after the program's name; nothing when help is asked for.
    ///
    /// # Errors
    /// At the first word that is unknown, incomplete or missing, with a sentence.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut folder, mut mode, mut json) = (None, Mode::Development, false);
        let (mut out, mut toolchain, mut state, mut node) = (None, None, None, None);
        let mut builder = None;
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let place = match word.as_str() {
                "--help" => return Ok(None),
                "--json" => {
                    json = true;
                    continue;
                }
                "--mode" => {
                    mode = match words.next().as_deref() {
                        Some("development") => Mode::Development,
                        Some("production") => Mode::Production,
                        _ => return Err("`--mode` is development or production".to_owned()),
                    };
                    continue;
                }
                "--builder" => {
                    builder = Some(words.next().ok_or("`--builder` needs a value")?);
                    continue;
                }
                "--out" => &mut out,
                "--toolchain" => &mut toolchain,
                "--state" => &mut state,
                "--node" => &mut node,
                flag if flag.starts_with('-') => return Err(format!("unknown flag `{flag}`")),
                _ => {
                    if folder.replace(PathBuf::from(&word)).is_some() {
                        return Err(format!(
                            "one folder is built at a time: `{word}` is too many"
                        ));
                    }
                    continue;
                }
            };
            let value = words.next().ok_or(format!("`{word}` needs a value"))?;
            *place = Some(PathBuf::from(value));
        }
        let needed = |value: Option<PathBuf>, what| value.ok_or(format!("{what} is missing"));
        let own = |value: Option<PathBuf>, what| match builder {
            Some(_) => Ok(value.unwrap_or_default()),
            None => needed(value, what),
        };
        Ok(Some(Self {
            folder: needed(folder, "the folder to build")?,
            mode,
            json,
            out,
            toolchain: own(toolchain, "`--toolchain`")?,
            state: own(state, "`--state`")?,
            builder,
            node: node.unwrap_or_else(|| PathBuf::from("node")),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Option<Arguments>, String> {
        Arguments::parse(line.split(' ').map(str::to_owned))
    }

    #[test]
    fn words_are_read() {
        let line = "app --mode production --json --out o --toolchain t --state s --node n";
        let arguments = parse(line).unwrap().unwrap();
        assert_eq!(arguments.folder, PathBuf::from("app"));
        assert_eq!(arguments.mode, Mode::Production);
        assert!(arguments.json);
        assert_eq!(arguments.out, Some(PathBuf::from("o")));
        assert_eq!(parse("--help"), Ok(None));
        let other = parse("app --builder http://b").unwrap().unwrap();
        assert_eq!(other.builder.as_deref(), Some("http://b"));
        let few = parse("--toolchain t app --state s").unwrap().unwrap();
        assert_eq!(
            (few.mode, few.node),
            (Mode::Development, PathBuf::from("node"))
        );
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (line, said) in [
            ("--toolchain t --state s", "the folder to build is missing"),
            ("a --state s", "`--toolchain` is missing"),
            ("a --toolchain t", "`--state` is missing"),
            ("a b --toolchain t --state s", "one folder"),
            ("a --mode fast", "development or production"),
            ("a --speed 1", "unknown flag `--speed`"),
            ("a --out", "`--out` needs a value"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
