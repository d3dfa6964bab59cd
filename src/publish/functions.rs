//! Functions: the parts of an app that run in its Worker, at `/api/<name>`, and never in a browser.

use std::fmt;

use crate::project::ProjectPath;

/// Where a build puts them, one module each, beside what is served. Nothing in it ever is.
pub const FUNCTIONS_FOLDER: &str = "overskill-functions/";
/// How many an app has at most, as `builder-container/functions.mjs` has it.
pub const MOST_FUNCTIONS: usize = 32;
/// The longest name, in characters.
const MOST_CHARS: usize = 48;

/// The name of a function: 1 to 48 small letters, digits and `-`, neither first nor last a `-`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionName(String);

impl FunctionName {
    /// That of the function whose module is at this path of an artifact set.
    #[must_use]
    pub fn of(path: &ProjectPath) -> Option<Self> {
        let name = path
            .as_str()
            .strip_prefix(FUNCTIONS_FOLDER)?
            .strip_suffix(".js")?;
        let is_name = (1..=MOST_CHARS).contains(&name.len())
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        is_name.then(|| Self(name.to_owned()))
    }

    /// As it is written in addresses.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FunctionName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: FunctionName,
    /// Its module, JavaScript.
    pub code: Vec<u8>,
}

/// Whether what is at this path of an artifact set is for the Worker alone.
#[must_use]
pub fn is_of_functions(path: &ProjectPath) -> bool {
    path.as_str().starts_with(FUNCTIONS_FOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_function_is_called_as_its_file() {
        let long = format!("overskill-functions/{}.js", "a".repeat(48));
        for (path, name) in [
            ("overskill-functions/hello.js", Some("hello")),
            ("overskill-functions/2-checkout.js", Some("2-checkout")),
            (&long, Some("a".repeat(48).as_str())),
            (&long.replace(".js", "a.js"), None),
            ("overskill-functions/Hello.js", None),
            ("overskill-functions/-hello.js", None),
            ("overskill-functions/hello-.js", None),
            ("overskill-functions/lib/hello.js", None),
            ("overskill-functions/.js", None),
            ("overskill-functions/hello.css", None),
            ("functions/hello.js", None),
        ] {
            let found = FunctionName::of(&path.parse().unwrap());
            assert_eq!(found.as_ref().map(FunctionName::as_str), name, "{path}");
            let path = path.parse().unwrap();
            assert!(found.is_none() || is_of_functions(&path));
        }
    }
}
