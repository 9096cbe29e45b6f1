//! How far nodes are from their controller, by whom each hears (`ZWaveDevice1/Neighbors`).

use std::collections::VecDeque;

/// The most nodes that a network has.
const MAX_NODES: usize = 232;

/// A node: its device, its number in the network, and whom it hears.
pub(super) struct Hearing<'a> {
    pub device: u32,
    pub node: u32,
    /// `1,3,4,`
    pub neighbors: &'a str,
}

/// The numbers in a list with commas.
pub(super) fn neighbors(list: &str) -> impl Iterator<Item = u32> + '_ {
    list.split(',').filter_map(|node| node.trim().parse().ok())
}

/// The least hops to the controller, of each device from which there is a way: it hears, or is heard by,
/// one that has a way. In the order of the devices. No way leads through what is not among them.
pub(super) fn depths(nodes: &[Hearing<'_>], controller: u32) -> Vec<(u32, u32)> {
    let mut known: Vec<u32> = nodes.iter().map(|node| node.node).collect();
    known.push(controller);
    known.sort_unstable();
    known.dedup();
    let place = |node: u32| known.binary_search(&node).ok();
    let mut links: Vec<(usize, usize)> = Vec::new();
    for node in nodes {
        let Some(own) = place(node.node) else {
            continue;
        };
        let heard = neighbors(node.neighbors).take(MAX_NODES);
        for other in heard.filter_map(place) {
            links.extend([(own, other), (other, own)]);
        }
    }
    links.sort_unstable();
    links.dedup();
    let mut depths: Vec<Option<u32>> = vec![None; known.len()];
    let mut next: VecDeque<(usize, u32)> =
        place(controller).map(|at| (at, 0)).into_iter().collect();
    while let Some((at, depth)) = next.pop_front() {
        match depths.get_mut(at) {
            Some(unknown @ None) => *unknown = Some(depth),
            _ => continue,
        }
        let first = links.partition_point(|(from, _)| *from < at);
        let own = links.get(first..).unwrap_or_default().iter();
        let others = own.take_while(|(from, _)| *from == at);
        next.extend(others.map(|(_, other)| (*other, depth + 1)));
    }
    let depth = |node: &Hearing<'_>| {
        let depth = *depths.get(place(node.node)?)?;
        Some((node.device, depth?))
    };
    nodes.iter().filter_map(depth).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(home: &[(u32, &str)], controller: u32) -> Vec<(u32, u32)> {
        let hearing = |(node, neighbors): &(u32, &'static str)| Hearing {
            device: node + 100,
            node: *node,
            neighbors,
        };
        let home: Vec<(u32, &'static str)> = home
            .iter()
            .map(|(node, list)| (*node, &*Box::leak(list.to_string().into_boxed_str())))
            .collect();
        let nodes: Vec<Hearing<'_>> = home.iter().map(hearing).collect();
        depths(&nodes, controller)
    }

    #[test]
    fn z16_hops_are_counted_from_the_controller() {
        // 1 hears nobody by itself; 2 hears it, 3 hears 2, 4 and 5 hear 3, 6 is heard by 5.
        let home = [
            (2, "1,3,"),
            (3, "2, 4"),
            (4, "3"),
            (5, "3,6"),
            (6, ""),
            (7, "8"),
            (9, ""),
        ];
        assert_eq!(
            of(&home, 1),
            [(102, 1), (103, 2), (104, 3), (105, 3), (106, 4)]
        );
        assert_eq!(of(&home, 9), [(109, 0)]);
        assert_eq!(of(&home, 77), []);
    }

    #[test]
    fn z16_the_shortest_way_counts_and_rings_end() {
        let ring = [(2, "1,3"), (3, "2,4"), (4, "3,5"), (5, "4,1")];
        assert_eq!(of(&ring, 1), [(102, 1), (103, 2), (104, 2), (105, 1)]);
        assert_eq!(of(&[(2, "2,x,,1,-1,99999999999,1")], 1), [(102, 1)]);
    }

    #[test]
    fn z13_a_node_hears_no_more_than_a_network_has() {
        let many = "2,".repeat(100_000);
        let hearing = [2, 3].map(|node| Hearing {
            device: node,
            node,
            neighbors: &many,
        });
        assert_eq!(depths(&hearing, 2), [(2, 0), (3, 1)]);
        // One that it has all the same, behind them.
        let behind = [&many, "1"].concat();
        let hearing = [Hearing {
            device: 2,
            node: 2,
            neighbors: &behind,
        }];
        assert_eq!(depths(&hearing, 1), []);
    }

    proptest::proptest! {
        /// Against the same by repeated relaxation.
        #[test]
        fn the_least_is_found(
            lists in proptest::collection::vec(proptest::collection::vec(1_u32..12, 0..4), 11),
        ) {
            let texts: Vec<String> = lists
                .iter()
                .map(|list| list.iter().map(|n| format!("{n},")).collect())
                .collect();
            let nodes: Vec<Hearing<'_>> = (2..)
                .zip(&texts)
                .map(|(node, neighbors)| Hearing { device: node, node, neighbors })
                .collect();
            let mut least = [u32::MAX; 20];
            least[1] = 0;
            for _ in 0..20 {
                for (node, list) in (2_usize..).zip(&lists) {
                    for other in list.iter().map(|n| *n as usize) {
                        let (a, b) = (least[node], least[other]);
                        least[node] = a.min(b.saturating_add(1));
                        least[other] = b.min(a.saturating_add(1));
                    }
                }
            }
            for (device, depth) in depths(&nodes, 1) {
                proptest::prop_assert_eq!(least[device as usize], depth);
            }
            let reached = depths(&nodes, 1).len();
            let expected = nodes.iter().filter(|n| least[n.node as usize] != u32::MAX).count();
            proptest::prop_assert_eq!(reached, expected);
        }
    }
}
