//! What the builder is started with. Knows flags, one variable, and how much of the machine is free.

use std::{net::SocketAddr, num::NonZeroUsize, path::PathBuf, time::Duration};

use overskill::{build::Mode, digest::Digest};

use crate::{
    pool::{MOST, Machine},
    render,
    sandbox::Choice,
};

/// What `--help` prints.
pub const HELP: &str = "\
overskill-builder: builds apps with Vite, over HTTP

  --listen ADDRESS:PORT      where to listen (default 127.0.0.1:8788)
  --toolchain DIR            folder with package.json, package-lock.json and node_modules (required)
  --extras DIR               folder with package-lock.json and node_modules of the builder's own: Tailwind 3 (default: none)
  --state DIR                folder for jobs in progress, emptied at start, and for installed packages, kept (required)
  --vendor DIR               where prebuilt packages are kept, for several builders (default: vendor in the state folder)
  --node PATH                Node 22.15 or newer (default: node)
  --slots N                  builds at once (default: one a core, but no more than one a GiB of free memory)
  --queue N                  jobs that may wait (default 16)
  --development-seconds N    time limit of a development build (default 45)
  --production-seconds N     time limit of a production build (default 180)
  --patience-seconds N       how long a request or the reader of an answer may stand still (default 30)
  --body-seconds N           how long a request's body may take (default 120)
  --registry URL             where packages come from, and nowhere else (default: npm's public registry)
  --minimum-package-age-hours N
                             how long a version must have been published before it is installed (default 24; 0: not at all)
  --allowed-packages FILE    the only packages that are installed, a name or @scope/* a line (default: all)
  --installs-mib N           room for installed packages; what was used longest ago is removed (default 4096)
  --npm PATH                 npm's npm-cli.js (default: the one beside Node)
  --sandbox LEVEL            auto, namespaces or landlock (default auto: the strongest that holds; none, no start)
  --unsafe-no-sandbox        build without a sandbox: whoever's sources are built can do what this user can
  --browser PATH             Chromium, which looks at what was built; auto: one on PATH; off: none does (default auto)
  --print-sandbox            find out which level holds, print it, and exit

  BUILDER_TOKEN_HASH         environment, required: SHA-256 of the bearer token, 64 lower-case hexadecimal digits";

/// Where packages come from unless something else is said.
const REGISTRY: &str = "https://registry.npmjs.org/";
const MIB: u64 = 1024 * 1024;

/// Everything the builder can be told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The folder whose `node_modules` builds.
    pub toolchain: PathBuf,
    /// The folder of the builder's own packages, if it has any.
    pub extras: Option<PathBuf>,
    /// Where jobs live while they are built.
    pub state: PathBuf,
    /// Where prebuilt packages are kept, when not in the state folder. Several builders may share it.
    pub vendor: Option<PathBuf>,
    /// The Node program.
    pub node: PathBuf,
    /// Builds at once.
    pub slots: NonZeroUsize,
    /// Jobs that may wait beyond those.
    pub queue: usize,
    /// Time limit of a development build.
    pub development_time: Duration,
    /// Time limit of a production build.
    pub production_time: Duration,
    /// How long a request's body, or a reader of the answer, may stand still.
    pub patience: Duration,
    /// How long a request's body may take to arrive whole.
    pub body_time: Duration,
    /// How long running jobs may take after the signal to stop.
    pub drain: Duration,
    /// The registry that packages come from.
    pub registry: String,
    /// How long a version must have been published; zero: not at all.
    pub minimum_package_age: Duration,
    /// A file with the only names that are installed.
    pub allowed_packages: Option<PathBuf>,
    /// Bytes of all installs together.
    pub installs_bytes: u64,
    /// The script of npm; without it, the one beside Node.
    pub npm: Option<PathBuf>,
    /// What keeps builds away from everything else.
    pub sandbox: Choice,
    /// What looks at what was built.
    pub browser: render::Choice,
    /// Whether to say which level holds, and no more.
    pub only_sandbox: bool,
    /// SHA-256 of the bearer token.
    pub token_hash: Digest,
}

/// Why the settings are not usable. The sentence says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Not an error: help was asked for.
    #[error("{HELP}")]
    Help,
    /// A flag that does not exist.
    #[error("unknown flag `{0}`; --help lists them")]
    Unknown(String),
    /// A flag without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that does not parse.
    #[error("`{flag} {value}`: {expected} is expected")]
    Value {
        /// Which flag.
        flag: String,
        /// What was given.
        value: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A required flag is missing.
    #[error("`{0}` is required; --help says what for")]
    Missing(&'static str),
    /// No token hash, or not a hash.
    #[error(
        "BUILDER_TOKEN_HASH must hold the SHA-256 of the bearer token as 64 lower-case hexadecimal digits \
         (`printf %s TOKEN | sha256sum`): the builder does not start without it"
    )]
    TokenHash,
}

impl Settings {
    /// The settings of a builder in these folders, everything else at its default: any free port of the loopback
    /// address, as many slots as the machine has cores and memory for.
    #[must_use]
    pub fn new(toolchain: PathBuf, state: PathBuf, token_hash: Digest) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            toolchain,
            extras: None,
            state,
            vendor: None,
            node: PathBuf::from("node"),
            slots: Machine::now().slots(),
            queue: 16,
            development_time: Duration::from_secs(45),
            production_time: Duration::from_secs(180),
            patience: Duration::from_secs(30),
            body_time: Duration::from_secs(120),
            drain: Duration::from_secs(20),
            registry: REGISTRY.to_owned(),
            minimum_package_age: Duration::from_secs(24 * 60 * 60),
            allowed_packages: None,
            installs_bytes: 4096 * MIB,
            npm: None,
            sandbox: Choice::Auto,
            browser: render::Choice::Auto,
            only_sandbox: false,
            token_hash,
        }
    }

    /// Reads flags, the program's name not among them, and the value of `BUILDER_TOKEN_HASH`.
    ///
    /// # Errors
    /// At the first flag that is unknown, incomplete or missing.
    pub fn parse(
        arguments: impl IntoIterator<Item = String>,
        token_hash: Option<&str>,
    ) -> Result<Self, SettingsError> {
        let hash = token_hash.and_then(|hash| hash.parse().ok());
        let mut settings = Self::new(
            PathBuf::new(),
            PathBuf::new(),
            hash.unwrap_or(Digest::of(b"")),
        );
        settings.listen = SocketAddr::from(([127, 0, 0, 1], 8788));
        let mut arguments = arguments.into_iter();
        while let Some(flag) = arguments.next() {
            match flag.as_str() {
                "--help" => return Err(SettingsError::Help),
                "--unsafe-no-sandbox" => {
                    settings.sandbox = Choice::UnsafeNone;
                    continue;
                }
                "--print-sandbox" => {
                    settings.only_sandbox = true;
                    continue;
                }
                _ => {}
            }
            settings.set(flag, arguments.next())?;
        }
        for (flag, folder) in [
            ("--toolchain", &settings.toolchain),
            ("--state", &settings.state),
        ] {
            if folder.as_os_str().is_empty() {
                return Err(SettingsError::Missing(flag));
            }
        }
        hash.map_or(Err(SettingsError::TokenHash), |_| Ok(settings))
    }

    /// Sets what a flag with a value sets.
    ///
    /// # Errors
    /// When there is no such flag, no value, or one that does not parse.
    pub fn set(&mut self, flag: String, value: Option<String>) -> Result<(), SettingsError> {
        let Some(set) = setter(&flag) else {
            return Err(SettingsError::Unknown(flag));
        };
        let Some(value) = value else {
            return Err(SettingsError::NoValue(flag));
        };
        set(self, &value).map_err(|expected| SettingsError::Value {
            flag,
            value,
            expected,
        })
    }

    /// Where prebuilt packages are kept.
    pub(crate) fn vendor_folder(&self) -> PathBuf {
        let own = || self.state.join("vendor");
        self.vendor.clone().unwrap_or_else(own)
    }

    /// The time limit of a build of this kind.
    #[must_use]
    pub const fn time(&self, mode: Mode) -> Duration {
        match mode {
            Mode::Development => self.development_time,
            Mode::Production => self.production_time,
        }
    }

    /// Processor time that no build needs: all cores of a machine, for as long as a build may take.
    pub(crate) fn cpu_time(&self) -> Duration {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let longest = self.production_time.max(self.development_time);
        longest
            .saturating_mul(u32::try_from(cores).unwrap_or(u32::MAX))
            .max(Duration::from_secs(60))
    }
}

/// Takes a flag's value, or says what is expected instead.
type Setter = fn(&mut Settings, &str) -> Result<(), &'static str>;

/// What a flag sets; `None` when there is no such flag.
fn setter(flag: &str) -> Option<Setter> {
    Some(match flag {
        "--listen" => |settings, value| {
            settings.listen = value
                .parse()
                .map_err(|_| "an address and port such as 127.0.0.1:8788")?;
            Ok(())
        },
        "--toolchain" => |settings, value| {
            settings.toolchain = PathBuf::from(value);
            Ok(())
        },
        "--extras" => |settings, value| {
            settings.extras = Some(PathBuf::from(value));
            Ok(())
        },
        "--state" => |settings, value| {
            settings.state = PathBuf::from(value);
            Ok(())
        },
        "--vendor" => |settings, value| {
            settings.vendor = Some(PathBuf::from(value));
            Ok(())
        },
        "--node" => |settings, value| {
            settings.node = PathBuf::from(value);
            Ok(())
        },
        "--slots" => |settings, value| {
            settings.slots = match value.parse::<NonZeroUsize>() {
                Ok(slots) if slots.get() <= MOST => slots,
                _ => return Err("a number from 1 to 64"),
            };
            Ok(())
        },
        "--queue" => |settings, value| {
            settings.queue = match value.parse() {
                Ok(queue @ 0..=1000) => queue,
                _ => return Err("a number from 0 to 1000"),
            };
            Ok(())
        },
        "--development-seconds" => |settings, value| {
            settings.development_time = seconds(value)?;
            Ok(())
        },
        "--production-seconds" => |settings, value| {
            settings.production_time = seconds(value)?;
            Ok(())
        },
        "--patience-seconds" => |settings, value| {
            settings.patience = seconds(value)?;
            Ok(())
        },
        "--body-seconds" => |settings, value| {
            settings.body_time = seconds(value)?;
            Ok(())
        },
        "--registry" => |settings, value| {
            let host = ["https://", "http://"]
                .iter()
                .find_map(|scheme| value.strip_prefix(scheme));
            if host.is_none_or(|host| host.is_empty() || host.contains([' ', '?', '#'])) {
                return Err("an address such as https://registry.example/");
            }
            value.clone_into(&mut settings.registry);
            Ok(())
        },
        "--minimum-package-age-hours" => |settings, value| {
            settings.minimum_package_age = match value.parse::<u32>() {
                Ok(hours @ 0..=8760) => Duration::from_secs(u64::from(hours) * 60 * 60),
                _ => return Err("a number of hours from 0 to 8760"),
            };
            Ok(())
        },
        "--allowed-packages" => |settings, value| {
            settings.allowed_packages = Some(PathBuf::from(value));
            Ok(())
        },
        "--installs-mib" => |settings, value| {
            settings.installs_bytes = match value.parse::<u64>() {
                Ok(mib @ 1..=1_000_000) => mib * MIB,
                _ => return Err("a number of MiB from 1 to 1000000"),
            };
            Ok(())
        },
        "--npm" => |settings, value| {
            settings.npm = Some(PathBuf::from(value));
            Ok(())
        },
        "--browser" => |settings, value| {
            settings.browser = value.into();
            Ok(())
        },
        "--sandbox" => |settings, value| {
            settings.sandbox = value.parse()?;
            Ok(())
        },
        _ => return None,
    })
}

fn seconds(value: &str) -> Result<Duration, &'static str> {
    match value.parse() {
        Ok(seconds @ 1..=3600) => Ok(Duration::from_secs(seconds)),
        _ => Err("a number of seconds from 1 to 3600"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn parse(line: &str, hash: Option<&str>) -> Result<Settings, SettingsError> {
        Settings::parse(line.split_whitespace().map(str::to_owned), hash)
    }

    #[test]
    fn flags_are_read() {
        let line = "--toolchain t --state s --listen [::1]:9 --slots 3 --queue 0 --development-seconds 2 \
                    --production-seconds 9 --patience-seconds 4 --body-seconds 5 --node n --vendor v --sandbox landlock \
                    --browser /b --registry http://r/ --minimum-package-age-hours 0 --allowed-packages f --installs-mib 3 --npm p";
        let settings = parse(line, Some(HASH)).unwrap();
        assert_eq!(settings.listen.to_string(), "[::1]:9");
        assert_eq!((settings.slots.get(), settings.queue), (3, 0));
        assert_eq!(settings.time(Mode::Development), Duration::from_secs(2));
        assert_eq!(settings.time(Mode::Production), Duration::from_secs(9));
        assert_eq!(settings.patience, Duration::from_secs(4));
        assert_eq!(settings.body_time, Duration::from_secs(5));
        assert_eq!(settings.token_hash.to_string(), HASH);
        assert_eq!(settings.node, PathBuf::from("n"));
        assert_eq!(settings.vendor, Some(PathBuf::from("v")));
        assert_eq!(settings.sandbox, Choice::Landlock);
        assert_eq!(settings.registry, "http://r/");
        assert_eq!(settings.minimum_package_age, Duration::ZERO);
        assert_eq!(settings.allowed_packages, Some(PathBuf::from("f")));
        assert_eq!(settings.installs_bytes, 3 * MIB);
        assert_eq!(settings.npm, Some(PathBuf::from("p")));
        assert_eq!(settings.browser, render::Choice::At(PathBuf::from("/b")));
        let settings = parse("--unsafe-no-sandbox --toolchain t --state s", Some(HASH)).unwrap();
        assert_eq!(settings.sandbox, Choice::UnsafeNone);
    }

    #[test]
    fn what_is_wrong_is_said() {
        let required = "--toolchain t --state s";
        for (line, hash, message) in [
            ("--toolchain t", Some(HASH), "`--state` is required"),
            ("--state s", Some(HASH), "`--toolchain` is required"),
            ("--slots", Some(HASH), "`--slots` needs a value"),
            (
                "--slots 0",
                Some(HASH),
                "`--slots 0`: a number from 1 to 64 is expected",
            ),
            (
                "--queue -1",
                Some(HASH),
                "`--queue -1`: a number from 0 to 1000",
            ),
            ("--listen 80", Some(HASH), "an address and port"),
            ("--development-seconds 0", Some(HASH), "a number of seconds"),
            (
                "--sandbox none",
                Some(HASH),
                "`--sandbox none`: auto, namespaces or landlock is expected",
            ),
            (
                "--registry registry.example",
                Some(HASH),
                "an address such as",
            ),
            (
                "--minimum-package-age-hours -1",
                Some(HASH),
                "a number of hours",
            ),
            ("--installs-mib 0", Some(HASH), "a number of MiB"),
            ("--speed 1", Some(HASH), "unknown flag `--speed`"),
            ("builds 1", Some(HASH), "unknown flag `builds`"),
            // Words of the help text that stand where a flag could.
            ("N 1", Some(HASH), "unknown flag `N`"),
            ("--help-me 1", Some(HASH), "unknown flag `--help-me`"),
            ("--production-second 1", Some(HASH), "unknown flag"),
            (required, None, "BUILDER_TOKEN_HASH"),
            (required, Some("secret"), "BUILDER_TOKEN_HASH"),
            (required, Some(""), "BUILDER_TOKEN_HASH"),
        ] {
            let error = parse(line, hash).unwrap_err().to_string();
            assert!(error.contains(message), "{line}: {error}");
        }
        assert_eq!(parse("--help", None).unwrap_err(), SettingsError::Help);
        let quoted = ["--listen ADDRESS:PORT", "1"].map(str::to_owned);
        assert_eq!(
            Settings::parse(quoted, Some(HASH)).unwrap_err(),
            SettingsError::Unknown("--listen ADDRESS:PORT".to_owned())
        );
    }
}
