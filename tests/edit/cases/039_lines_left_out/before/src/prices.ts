export function total(prices: number[]): number {
  return prices.reduce((sum, price) => sum + price, 0)
}

export function average(prices: number[]): number {
  return total(prices) / prices.length
}
