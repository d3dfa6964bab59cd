import { title } from "./Home"

export const labels = [title, "New"]
