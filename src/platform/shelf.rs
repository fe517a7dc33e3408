//! A shelf in the handle: what areas keep in memory for as long as the process lasts, without the platform knowing what.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

type Kept = Arc<dyn Any + Send + Sync>;

/// One thing of each type.
#[derive(Clone, Default)]
pub struct Shelf(Arc<RwLock<HashMap<TypeId, Kept>>>);

impl Shelf {
    /// The desk's one `T`, made at its first use.
    pub fn of<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let kind = TypeId::of::<T>();
        let shelf = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let found = shelf.get(&kind).cloned();
        drop(shelf);
        let kept = found.unwrap_or_else(|| self.put::<T>(kind));
        // Under its type lies nothing else.
        kept.downcast().unwrap_or_default()
    }

    fn put<T: Default + Send + Sync + 'static>(&self, kind: TypeId) -> Kept {
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let place = shelf.entry(kind);
        place.or_insert_with(|| Arc::new(T::default())).clone()
    }
}
