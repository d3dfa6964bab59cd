//! Wishes that change what is there.

use super::{
    grammar::Wish,
    plan::{Deed, Part, Plan},
};

/// Applies one wish.
pub(super) fn apply(plan: &mut Plan, wish: &Wish) {
    match wish {
        Wish::Thing { .. } => {}
        Wish::Belongs { child, parent } => {
            let (Some(child), Some(parent)) = (plan.table_of(child), plan.table_of(parent)) else { return };
            if plan.refer(&child, &parent) {
                plan.point_at_titles();
                plan.deeds.push(Deed {
                    says: format!("Each record of {child} refers to one of {parent}"),
                    touches: vec![Part::Thing(child)],
                });
            }
        }
        Wish::Name(name) => {
            plan.name = Some(name.clone());
            plan.deeds
                .push(Deed {
                    says: format!("The app is called “{name}”"), touches: vec![Part::Identity]
                });
        }
    }
}
