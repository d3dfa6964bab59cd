export const x = <Card.Header />
console.log(x)
