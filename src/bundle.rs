//! One offline file for a window of a lab.
