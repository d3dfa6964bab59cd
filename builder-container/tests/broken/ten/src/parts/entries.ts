import { menuTitle } from "./menu"

export const entries = [menuTitle, "Recipes"]
