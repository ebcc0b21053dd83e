//! Which action stands for which recipe: the one table of the menu, the palette and the keys.

use super::action::Action;
use crate::model::recipe::RecipeKind;

/// The action of each recipe that is asked for. The menu, the palette and the keys go by this table.
pub const RECIPES: [(Action, RecipeKind); 7] = [
    (Action::Jq, RecipeKind::Jq),
    (Action::SortKeys, RecipeKind::SortKeys),
    (Action::Unescape, RecipeKind::Unescape),
    (Action::OpenValue, RecipeKind::Value),
    (Action::LayOut, RecipeKind::Markup),
    (Action::Tabulate, RecipeKind::Table),
    (Action::Pipe, RecipeKind::Pipe),
];
