//! What differs by core, behind safe functions.
