export interface Recipe {
  title: string
}
