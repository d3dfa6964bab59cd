//! The heap of the module, in a memory that the host keeps when it replaces an instance.
//!
//! The allocator that is there anyway takes new pages alone, and takes them for zeros. This one starts over at the end
//! of the data, so that an instance which follows one that was taken down uses the same pages again. A memory of its own
//! for each would be freed when the engine pleases: that was seen to be after two gigabytes.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};
use std::{arch::wasm32, ptr};

use dlmalloc::{Allocator, Dlmalloc};

const PAGE: usize = 64 * 1024;

unsafe extern "C" {
    /// Where the data ends, by the linker.
    static __heap_base: u8;
}

#[global_allocator]
static HEAP: Heap = Heap(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages {
    taken_to: Cell::new(0),
})));

/// The pages that this instance has taken.
struct Pages {
    /// Where what is taken ends; 0 before the first.
    taken_to: Cell<usize>,
}

// SAFETY: what is handed out lies inside the memory, behind the data, and is handed out once.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let start = match self.taken_to.get() {
            0 => (&raw const __heap_base).addr().next_multiple_of(PAGE),
            end => end,
        };
        let refused = (ptr::null_mut(), 0, 0);
        let Some(end) = size
            .checked_next_multiple_of(PAGE)
            .and_then(|size| start.checked_add(size))
        else {
            return refused;
        };
        let missing = (end / PAGE).saturating_sub(wasm32::memory_size(0));
        if missing > 0 && wasm32::memory_grow(0, missing) == usize::MAX {
            return refused;
        }
        self.taken_to.set(end);
        (ptr::with_exposed_provenance_mut(start), end - start, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        false
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

struct Heap(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: the module has one thread.
unsafe impl Sync for Heap {}

// SAFETY: the allocator keeps the contract; nothing in it calls back, so that no two borrows of it meet.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        unsafe { (*self.0.get()).free(start, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        unsafe { (*self.0.get()).realloc(start, layout.size(), layout.align(), size) }
    }
}
