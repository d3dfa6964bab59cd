export { z } from "./a"
