export interface ReferenceOption {
  id: string
  label: string
}

/** Per reference field, the records it can point to, by label. Null while they load. */
export type References = Record<string, ReferenceOption[] | null>
