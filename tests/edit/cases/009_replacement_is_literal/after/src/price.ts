export function price(value: number) {
  return "$& $1 $$ $` \\1".replace(/x/, `$${value}`);
}
