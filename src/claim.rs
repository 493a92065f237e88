//! What a pledge claims.
