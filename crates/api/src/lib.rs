//! Inner Circle: a private podcast with paid plans.
