//! Packages: which are there, and what they offer.

use super::{BUILTINS, Missing, Resolved, Resolver, Way, without_extension};
use crate::preflight::{
    nearest::nearest,
    vendor::{Entry, EntryKind},
};

impl<'a> Resolver<'a> {
    pub(super) fn package(&self, specifier: &'a str, way: Way) -> Resolved<'a> {
        let (name, subpath) = split(specifier);
        let declares = |name: &str| self.config.declares(self.vendor, name);
        let package = self.vendor.package(name);
        let is_declared = declares(name);
        let builtin = BUILTINS.contains(&specifier.split('/').next().unwrap_or(specifier));
        if builtin && !is_declared && way != Way::Sheet {
            return Resolved::Builtin;
        }
        let types = format!("@types/{}", name.trim_start_matches('@').replace('/', "__"));
        if way == Way::Types && !is_declared && declares(&types) {
            return Resolved::Elsewhere;
        }
        if !is_declared {
            if self.config.has_own_alias(specifier)
                || (specifier.starts_with('#') && self.has_own_imports())
            {
                return Resolved::Elsewhere;
            }
            if !is_package_name(name) {
                let rest = specifier
                    .split_once('/')
                    .map_or(specifier, |(_, rest)| rest);
                let file = self.file(&format!("src/{rest}"), way, false);
                let meant = file.and_then(|path| path.strip_prefix("src/"));
                return Resolved::Missing(Missing::File(
                    meant.map(|path| format!("@/{}", without_extension(path))),
                ));
            }
            return Resolved::Missing(match self.vendor.brought_by(name, declares) {
                Some(other) => Missing::Transitive(other.to_owned()),
                None if self.may_advise() => Missing::Package(self.package_meant(specifier, name)),
                None => Missing::Package(None),
            });
        }
        let Some(package) = package.filter(|package| self.config.is_version(name, package.version))
        else {
            return Resolved::Package { name };
        };
        match package.entry(&subpath) {
            None => {
                let meant = nearest(&subpath, package.subpaths());
                let meant = meant.map(|meant| format!("{name}{}", meant.trim_start_matches('.')));
                Resolved::Missing(Missing::Subpath(meant))
            }
            Some(entry) if entry.kind == EntryKind::Types && way != Way::Types => {
                Resolved::Missing(Missing::TypesOnly)
            }
            Some(_) => Resolved::Package { name },
        }
    }

    /// Whether `package.json` has `imports`, which begin with `#`.
    fn has_own_imports(&self) -> bool {
        self.tree
            .get("package.json")
            .is_some_and(|file| file.content.contains("\"imports\""))
    }

    /// What was meant by a package that is not there: another one, or a file.
    fn package_meant(&self, specifier: &str, name: &str) -> Option<String> {
        // The router's packages became one.
        if name == "react-router-dom" && self.config.declares(self.vendor, "react-router") {
            return Some("react-router".to_owned());
        }
        if let Some(path) = self.file(specifier, Way::Script, false) {
            let alias = path.strip_prefix("src/").map(without_extension);
            return alias.map(|path| format!("@/{path}"));
        }
        nearest(name, self.config.declared(self.vendor)).map(str::to_owned)
    }

    /// What is known of what a specifier of a package exports: of this very version.
    pub(in crate::preflight) fn entry(&self, specifier: &str) -> Option<&'a Entry> {
        let (name, subpath) = split(specifier);
        let package = self.vendor.package(name)?;
        self.config
            .is_version(name, package.version)
            .then(|| package.entry(&subpath))?
    }
}

/// Whether a package could have this name.
fn is_package_name(name: &str) -> bool {
    let plain = name.strip_prefix('@').unwrap_or(name);
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    plain.starts_with(|c: char| c.is_ascii_alphanumeric()) && plain.chars().all(allowed)
}

/// The package of a specifier and the sub-path as `exports` has it: `.`, `./client`.
fn split(specifier: &str) -> (&str, String) {
    let segments = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(segments - 1)
        .map_or(specifier.len(), |(at, _)| at);
    let (name, rest) = specifier.split_at(end);
    (name, format!(".{rest}"))
}
