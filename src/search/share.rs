//! How a bounded number of things is shared out: nobody gets less so that another gets more.

/// How many each of those who want `wants` gets of `total`: as many as it wants, or about as many as all others that
/// do not get what they want. What does not come out even goes to the first ones.
///
/// Whoever comes later makes nobody's share larger, so that shares can be cut while wants come in.
pub(super) fn shares(wants: &[usize], total: usize) -> Vec<usize> {
    let mut sorted = wants.to_vec();
    crate::sorted::sort(&mut sorted);
    let (mut left, mut waiting) = (total, sorted.len());
    let mut level = usize::MAX;
    let mut extra = 0;
    for want in sorted {
        let even = left.checked_div(waiting).unwrap_or_default();
        if want > even {
            level = even;
            extra = left.checked_rem(waiting).unwrap_or_default();
            break;
        }
        left -= want;
        waiting -= 1;
    }
    wants
        .iter()
        .map(|&want| {
            if want <= level {
                return want;
            }
            let more = usize::from(extra > 0);
            extra -= more;
            level + more
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::shares;

    #[test]
    fn the_many_do_not_starve_the_few() {
        for (wants, total, expected) in [
            (&[10_000, 3, 1][..], 20, &[16, 3, 1][..]),
            (&[5, 5, 5], 7, &[3, 2, 2]),
            (&[1, 1, 1], 2, &[1, 1, 0]),
            (&[2, 9, 9], 10, &[2, 4, 4]),
            (&[3, 2], 10, &[3, 2]),
            (&[3, 2], 0, &[0, 0]),
            (&[], 5, &[]),
        ] {
            assert_eq!(shares(wants, total), expected, "{wants:?} of {total}");
        }
    }

    proptest! {
        #[test]
        fn all_is_given_and_nobody_starves(wants in proptest::collection::vec(0_usize..50, 0..20), total in 0_usize..300) {
            let given = shares(&wants, total);
            let wanted: usize = wants.iter().sum();
            prop_assert_eq!(given.iter().sum::<usize>(), wanted.min(total));
            let most = given.iter().copied().max().unwrap_or(0);
            for (want, share) in wants.iter().zip(&given) {
                prop_assert!(share <= want);
                prop_assert!(share == want || share + 1 >= most, "{wants:?} of {total}: {given:?}");
            }
        }

        #[test]
        fn who_comes_later_makes_no_share_larger(mut wants in proptest::collection::vec(0_usize..50, 0..20), more in 0_usize..50, total in 0_usize..300) {
            let before = shares(&wants, total);
            wants.push(more);
            for (before, after) in before.iter().zip(shares(&wants, total)) {
                prop_assert!(after <= *before);
            }
        }
    }
}
