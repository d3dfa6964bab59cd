export interface User {
  name: string
  address: {
    street: string
    city: string
  }
  email: string
}
