import { Page } from "./Page"
console.log(Page)
