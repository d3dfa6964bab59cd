//! What was meant by a path that leads to no file.

use overskill_syntax::Language;

use super::{EXTENSIONS, Missing, Resolver, Way, name_of, without_extension};
use crate::preflight::{
    location::{self, extension, folder},
    nearest::nearest,
};

impl<'a> Resolver<'a> {
    /// Why a path leads to no file.
    pub(super) fn misses(&self, importer: &str, plain: &str, path: &str, way: Way) -> Missing {
        let mut endings = vec![""];
        match way {
            Way::Sheet => endings.push(".css"),
            Way::Script | Way::Types => endings.extend(EXTENSIONS),
            Way::Address => {}
        }
        let write = |target: &str| self.write(importer, plain, target);
        let in_folder = EXTENSIONS.map(|ending| format!("/index{ending}"));
        let candidates = endings
            .into_iter()
            .chain(in_folder.iter().map(String::as_str));
        let other_case = candidates
            .filter_map(|ending| self.lower.get(&format!("{path}{ending}").to_lowercase()))
            .find(|actual| !self.tree.contains_key(path) && !actual.is_empty());
        if let Some(actual) = other_case {
            return Missing::Case(write(actual));
        }
        if !self.may_advise() {
            return Missing::File(None);
        }
        let meant = self.meant(path, way).map(write);
        Missing::File(meant.filter(|meant| meant != plain))
    }

    /// The file that was probably meant: one of the same name elsewhere, or of nearly the same in this folder.
    fn meant(&self, path: &str, way: Way) -> Option<&'a str> {
        let stem = |path: &str| without_extension(path).to_lowercase();
        let loads = |candidate: &&&'a str| match way {
            Way::Sheet => extension(candidate) == "css",
            Way::Script | Way::Types => Language::of(candidate).is_some_and(Language::is_script),
            Way::Address => Language::of(candidate).is_none(),
        };
        let wanted = stem(path);
        let paths = || {
            self.tree
                .keys()
                .filter(loads)
                .map(|other| (stem(other), *other))
        };
        let same: Vec<(String, &'a str)> = paths()
            .filter(|(other, _)| name_of(other) == name_of(&wanted))
            .collect();
        if let [(_, only)] = same.as_slice() {
            return Some(only);
        }
        if !same.is_empty() {
            let close = nearest(&wanted, same.iter().map(|(other, _)| other.as_str()))?;
            return same
                .iter()
                .find(|(other, _)| other == close)
                .map(|(_, path)| *path);
        }
        let here: Vec<(String, &'a str)> = paths()
            .filter(|(other, _)| folder(other) == folder(&wanted))
            .collect();
        let close = nearest(
            name_of(&wanted),
            here.iter().map(|(other, _)| name_of(other)),
        )?;
        here.iter()
            .find(|(other, _)| name_of(other) == close)
            .map(|(_, path)| *path)
    }

    /// A path as an import in the style of the one that was written.
    fn write(&self, importer: &str, plain: &str, target: &str) -> String {
        let keeps = extension(plain) == extension(target)
            || Language::of(target).is_none_or(|language| !language.is_script());
        let shown = if keeps {
            target
        } else {
            without_extension(target)
        };
        let shown = shown.strip_suffix("/index").unwrap_or(shown);
        match shown.strip_prefix("src/") {
            Some(rest) if plain.starts_with("@/") => format!("@/{rest}"),
            _ if plain.starts_with('/') => format!("/{shown}"),
            _ => location::relative(folder(importer), shown),
        }
    }
}
