//! Sets of strings given by patterns, and the shortest word of an intersection of them.
