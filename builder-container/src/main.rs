//! overskill-builder

fn main() {}
