/** An item as the model's folder lists it. */
export interface CatalogueItem {
  id: string;
  title: string;
  categories: string[];
  /** Interactions with it that the model was trained on. */
  count: number;
}
