/** What the dataset manager publishes. */
export interface DatasetMessages {
  dataset_configured_notification: { readonly store_directory: string; readonly conversation_count: number };
}
