import { a, z } from "./x"
document.title = a + z
