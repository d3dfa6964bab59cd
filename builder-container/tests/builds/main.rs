//! The real service, over HTTP, with real Vite builds. The toolchain is `templates/foundation`; without its
//! `node_modules`, or without a Node that is new enough, these fail.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod broken;
#[cfg(test)]
mod client;
#[cfg(test)]
mod dependencies;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod folder;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod many;
mod metrics;
#[cfg(test)]
mod modes;
#[cfg(test)]
mod outside;
#[cfg(test)]
mod process;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod render;
#[cfg(test)]
mod sandbox;
#[cfg(test)]
mod success;
