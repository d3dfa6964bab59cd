//! The command line.

use std::path::PathBuf;

use overskill::build::{Mode, TypeCheck};
use overskill_builder::render::Choice as Browser;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
overskill-build DIR: builds a folder as the product would

  --mode development|production   (default: development)
  --types always|report|block|off  what type errors are: warnings of every build, of a production build, errors of
                   one, or nothing (default: always)
  --json           one JSON object instead of text
  --out DIR        write what was built there; a folder that is empty or not there yet
  --screenshot FILE  write how the start page looks there, as WebP
  --browser PATH   Chromium, which looks at what was built; auto: one on PATH; off: none does (default: auto)
  --builder URL    the builder that is asked, which knows the hash of BUILDER_TOKEN; without it, one is started for the job:
  --toolchain DIR  folder with package.json, package-lock.json and node_modules (required)
  --extras DIR     folder with package-lock.json and node_modules of the builder's own (default: none)
  --state DIR      folder for the job while it is built, emptied at start, and for installed packages, kept (required)
  --lockfile FILE  write the package-lock.json there that the packages were resolved to, if the folder's says something else
  --vendor DIR     where prebuilt packages are kept (default: vendor in the state folder)
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
    /// What type errors are to it.
    pub(crate) type_check: TypeCheck,
    /// Whether to print JSON.
    pub(crate) json: bool,
    /// Where the artifacts go.
    pub(crate) out: Option<PathBuf>,
    /// A builder that runs already.
    pub(crate) builder: Option<String>,
    /// Where the picture of the start page goes.
    pub(crate) screenshot: Option<PathBuf>,
    /// What looks at what was built.
    pub(crate) browser: Browser,
    /// The packages that build.
    pub(crate) toolchain: PathBuf,
    /// The builder's own packages.
    pub(crate) extras: Option<PathBuf>,
    /// Where the job lives.
    pub(crate) state: PathBuf,
    /// Where prebuilt packages are kept.
    pub(crate) vendor: Option<PathBuf>,
    /// The Node program.
    pub(crate) node: PathBuf,
    /// Where the lock file goes.
    pub(crate) lockfile: Option<PathBuf>,
    /// Flags of the builder's own, with their values.
    pub(crate) passed: Vec<(String, String)>,
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
        let mut type_check = TypeCheck::Always;
        let (mut screenshot, mut browser, mut builder) = (None, Browser::Auto, None);
        let (mut out, mut toolchain, mut extras) = (None, None, None);
        let (mut state, mut vendor, mut node) = (None, None, None);
        let (mut lockfile, mut passed) = (None, Vec::new());
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
                "--types" => {
                    let value = words.next().unwrap_or_default();
                    type_check = value
                        .parse()
                        .map_err(|error| format!("`--types`: {error}"))?;
                    continue;
                }
                "--browser" => {
                    let value = words.next().ok_or("`--browser` needs a value")?;
                    browser = value.as_str().into();
                    continue;
                }
                "--screenshot" => &mut screenshot,
                "--out" => &mut out,
                "--toolchain" => &mut toolchain,
                "--extras" => &mut extras,
                "--state" => &mut state,
                "--vendor" => &mut vendor,
                "--node" => &mut node,
                "--lockfile" => &mut lockfile,
                flag if OF_BUILDER.contains(&flag) => {
                    let value = words.next().ok_or(format!("`{word}` needs a value"))?;
                    passed.push((word, value));
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
        let asks = builder.is_some();
        let own = |value: Option<PathBuf>, what| match value {
            None if asks => Ok(PathBuf::new()),
            value => needed(value, what),
        };
        Ok(Some(Self {
            folder: needed(folder, "the folder to build")?,
            mode,
            type_check,
            json,
            out,
            screenshot,
            browser,
            builder,
            toolchain: own(toolchain, "`--toolchain`")?,
            extras,
            state: own(state, "`--state`")?,
            vendor,
            node: node.unwrap_or_else(|| PathBuf::from("node")),
            lockfile,
            passed,
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
        let line = "app --mode production --types block --vendor v --json --out o --toolchain t --state s --node n \
                    --lockfile l --registry r";
        let arguments = parse(line).unwrap().unwrap();
        assert_eq!(arguments.folder, PathBuf::from("app"));
        assert_eq!(arguments.mode, Mode::Production);
        assert_eq!(arguments.type_check, TypeCheck::Block);
        assert_eq!(arguments.vendor, Some(PathBuf::from("v")));
        assert!(arguments.json);
        assert_eq!(arguments.lockfile, Some(PathBuf::from("l")));
        assert_eq!(
            arguments.passed,
            [("--registry".to_owned(), "r".to_owned())]
        );
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
            ("a --types all", "report, always, block or off"),
            ("a --speed 1", "unknown flag `--speed`"),
            ("a --out", "`--out` needs a value"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
