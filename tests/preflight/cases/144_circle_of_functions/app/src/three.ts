import { later } from "./one"
export const three = () => later
export class Three { field = later }
export { later }
