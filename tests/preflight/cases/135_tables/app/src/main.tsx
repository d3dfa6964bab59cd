import { database } from "./database"
database.from("recipes")
database.from("recipe_step")
console.log(Array.from("x"))
