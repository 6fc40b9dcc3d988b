//! Parts that pages are made of: props in, callbacks out.

pub(crate) mod action;
pub(crate) mod button;
pub(crate) mod controls;
pub(crate) mod dialog;
pub(crate) mod episode_list;
pub(crate) mod field;
pub(crate) mod form;
pub(crate) mod icons;
pub(crate) mod layout;
pub(crate) mod notice;
pub(crate) mod offline;
pub(crate) mod placeholder;
pub(crate) mod plan_cards;
pub(crate) mod plan_change;
pub(crate) mod player_bar;
pub(crate) mod sound;
