//! Landlock: what is not in the view cannot be opened, `/proc` with every other process's environment included, and
//! nobody outside can be signalled or traced. As much of it as the kernel knows; the probe says whether it is enough.

use std::{io, path::Path};

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    PathFd, Ruleset, RulesetAttr as _, RulesetCreated, RulesetCreatedAttr as _, Scope,
};

use super::view::{DEVICES, View};

/// The newest interface that this knows how to use.
const NEWEST: ABI = ABI::V6;

/// The rules, not in force yet.
pub(super) fn around(view: &View, folder: &Path) -> io::Result<RulesetCreated> {
    let all = AccessFs::from_all(NEWEST);
    let read = AccessFs::from_read(NEWEST);
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)
        .and_then(|rules| rules.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|rules| rules.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    let devices = DEVICES.into_iter().map(Path::new);
    // Nothing of its own folder is a program to be run.
    let own = all & !AccessFs::Execute & !AccessFs::MakeChar & !AccessFs::MakeBlock;
    let device = AccessFs::ReadFile | AccessFs::WriteFile;
    for (path, access) in View::system()
        .chain(view.readable())
        .map(|path| (path, read))
        .chain([(folder, own)])
        .chain(devices.map(|path| (path, device)))
    {
        rules = allow(rules, path, access)?;
    }
    Ok(rules)
}

fn allow(
    rules: RulesetCreated,
    path: &Path,
    access: BitFlags<AccessFs>,
) -> io::Result<RulesetCreated> {
    let beneath = PathFd::new(path).map_err(io::Error::other)?;
    let access = if path.is_dir() {
        access
    } else {
        access & AccessFs::from_file(NEWEST)
    };
    rules
        .add_rule(PathBeneath::new(beneath, access))
        .map_err(io::Error::other)
}
