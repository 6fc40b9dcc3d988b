//! Who may be delivered to now: slots for each endpoint and for all, so that one that hangs holds up no other.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::Notify;

/// Deliveries in progress at once.
const SLOTS: usize = 128;
/// Deliveries in progress to one endpoint.
const SLOTS_OF_ENDPOINT: usize = 16;

/// What is in progress.
#[derive(Debug, Default)]
pub(super) struct Queue(Mutex<InProgress>);

#[derive(Debug, Default)]
struct InProgress {
    /// Deliveries under way, those that wait for their time included.
    deliveries: HashSet<i64>,
    /// Slots taken, by endpoint.
    slots: HashMap<String, usize>,
    /// Endpoints with a delivery held back: its place, and how it learns that a later one was made.
    held_back: HashMap<String, (u64, Arc<Notify>)>,
    /// Turns begun.
    begun: u64,
}

/// A delivery's turn. Ends, with its slot, when dropped.
pub(super) struct Turn {
    queue: Arc<Queue>,
    delivery: i64,
    endpoint: String,
    /// Its place among all turns begun.
    place: u64,
    has_slot: bool,
}

impl Queue {
    /// The deliveries in progress, and the endpoints without a free slot.
    pub(super) fn taken(&self) -> (Vec<i64>, Vec<String>) {
        let state = self.lock();
        let is_full = |(endpoint, taken): (&String, &usize)| {
            (*taken >= SLOTS_OF_ENDPOINT).then(|| endpoint.clone())
        };
        (
            state.deliveries.iter().copied().collect(),
            state.slots.iter().filter_map(is_full).collect(),
        )
    }

    /// Free slots.
    pub(super) fn room(&self) -> usize {
        SLOTS.saturating_sub(self.lock().slots.values().sum())
    }

    /// Takes a slot of the endpoint, if there is one.
    pub(super) fn enter(self: &Arc<Self>, delivery: i64, endpoint: &str) -> Option<Turn> {
        let mut state = self.lock();
        let taken = state.slots.get(endpoint).copied().unwrap_or(0);
        if taken >= SLOTS_OF_ENDPOINT || !state.deliveries.insert(delivery) {
            return None;
        }
        state.slots.insert(endpoint.to_owned(), taken + 1);
        state.begun += 1;
        let (queue, endpoint, place) = (Arc::clone(self), endpoint.to_owned(), state.begun);
        Some(Turn { queue, delivery, endpoint, place, has_slot: true })
    }

    fn lock(&self) -> MutexGuard<'_, InProgress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// Others may be delivered while this one waits for its time.
    pub(super) fn give_slot_back(&mut self) {
        if std::mem::take(&mut self.has_slot) {
            let mut state = self.queue.lock();
            if let Some(taken) = state.slots.get_mut(&self.endpoint) {
                *taken -= 1;
                if *taken == 0 {
                    state.slots.remove(&self.endpoint);
                }
            }
        }
    }

    /// Waits until a delivery to the same endpoint that began later has been made, at most `patience`. One alone is held
    /// back at a time, so the next one goes ahead of it.
    pub(super) async fn let_a_later_one_pass(&mut self, patience: Duration) {
        let passed = Arc::new(Notify::new());
        {
            let mut state = self.queue.lock();
            if state.held_back.contains_key(&self.endpoint) {
                return;
            }
            state.held_back.insert(self.endpoint.clone(), (self.place, Arc::clone(&passed)));
        }
        self.give_slot_back();
        // Passed or not, it is made now.
        let _ = tokio::time::timeout(patience, passed.notified()).await;
        self.queue.lock().held_back.remove(&self.endpoint);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.give_slot_back();
        let mut state = self.queue.lock();
        state.deliveries.remove(&self.delivery);
        if let Some((place, passed)) = state.held_back.get(&self.endpoint)
            && self.place > *place
        {
            passed.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_hangs_leaves_slots_to_the_others() {
        let queue = Arc::new(Queue::default());
        let hanging: Vec<_> = (0..100).filter_map(|n| queue.enter(n, "we_hangs")).collect();
        assert_eq!(hanging.len(), SLOTS_OF_ENDPOINT);
        assert_eq!(queue.taken().1, ["we_hangs"]);
        let other = queue.enter(1_000, "we_answers");
        assert!(other.is_some());
        assert!(queue.enter(1_000, "we_answers").is_none(), "one delivery has one turn");
        drop(hanging);
        assert_eq!(queue.taken(), (vec![1_000], vec![]));
        assert_eq!(queue.room(), SLOTS - 1);
    }
}
