/** What an item may say of itself beside its title: price, brand, stock, image and so on. */
export type Property = string | number | boolean | readonly string[];
export type Properties = Readonly<Record<string, Property>>;

/** When an item may be listed. Times are milliseconds since 1970. */
export interface Availability {
  /** Sold out, or taken off the shelf. @default true */
  available?: boolean;
  availableFrom?: number;
  availableUntil?: number;
}

/** An item as the model's folder lists it, with what has been said of it since. */
export interface CatalogueItem extends Availability {
  id: string;
  title: string;
  categories: string[];
  /** Interactions with it that the model was trained on. */
  count: number;
  properties?: Properties;
  /** The model was not trained with it: its vector comes from its words. */
  isNew?: true;
  /** It stays known, for histories that have it, and is never listed or found. */
  deleted?: true;
}
