//! The command line.

use std::path::PathBuf;

use overskill::build::Mode;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
overskill-build DIR: builds a folder as the product would

  --mode development|production   (default: development)
  --json           one JSON object instead of text
  --out DIR        write what was built there; a folder that is empty or not there yet
  --toolchain DIR  folder with package.json, package-lock.json and node_modules (required)
  --state DIR      folder for the job while it is built, emptied at start, and for installed packages, kept (required)
  --lockfile FILE  write the package-lock.json there that the packages were resolved to, if the folder's says something else
  --node PATH      Node 22.15 or newer (default: node)
  --registry, --minimum-package-age-hours, --allowed-packages, --npm
                   as `overskill-builder --help` has them

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
    /// The packages that build.
    pub(crate) toolchain: PathBuf,
    /// Where the job lives.
    pub(crate) state: PathBuf,
    /// The Node program.
    pub(crate) node: PathBuf,
    /// Where the lock file goes.
    pub(crate) lockfile: Option<PathBuf>,
    /// Flags of the builder, with their values.
    pub(crate) builder: Vec<(String, String)>,
}

/// Flags that are the builder's.
const OF_BUILDER: [&str; 4] = [
    "--registry",
    "--minimum-package-age-hours",
    "--allowed-packages",
    "--npm",
];

impl Arguments {
    /// Reads the words after the program's name; nothing when help is asked for.
    ///
    /// # Errors
    /// At the first word that is unknown, incomplete or missing, with a sentence.
    pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Option<Self>, String> {
        let (mut folder, mut mode, mut json) = (None, Mode::Development, false);
        let (mut out, mut toolchain, mut state, mut node) = (None, None, None, None);
        let (mut lockfile, mut builder) = (None, Vec::new());
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
                "--out" => &mut out,
                "--toolchain" => &mut toolchain,
                "--state" => &mut state,
                "--node" => &mut node,
                "--lockfile" => &mut lockfile,
                flag if OF_BUILDER.contains(&flag) => {
                    let value = words.next().ok_or(format!("`{word}` needs a value"))?;
                    builder.push((word, value));
                    continue;
                }
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
        Ok(Some(Self {
            folder: needed(folder, "the folder to build")?,
            mode,
            json,
            out,
            toolchain: needed(toolchain, "`--toolchain`")?,
            state: needed(state, "`--state`")?,
            node: node.unwrap_or_else(|| PathBuf::from("node")),
            lockfile,
            builder,
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
        let line = "app --mode production --json --out o --toolchain t --state s --node n --lockfile l --registry r";
        let arguments = parse(line).unwrap().unwrap();
        assert_eq!(arguments.folder, PathBuf::from("app"));
        assert_eq!(arguments.mode, Mode::Production);
        assert!(arguments.json);
        assert_eq!(arguments.lockfile, Some(PathBuf::from("l")));
        assert_eq!(
            arguments.builder,
            [("--registry".to_owned(), "r".to_owned())]
        );
        assert_eq!(arguments.out, Some(PathBuf::from("o")));
        assert_eq!(parse("--help"), Ok(None));
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
