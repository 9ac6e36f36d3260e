/** An item as the catalogue knows it. */
export interface CatalogueItem {
  id: string;
  title: string;
  categories: string[];
  /** Events with this item that the model was trained on. */
  count: number;
}
