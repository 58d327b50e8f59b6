package io.github.asyncmiddleware.sample;

import io.github.asyncmiddleware.sample.upstream.Experiment;
import io.github.asyncmiddleware.sample.upstream.Flags;
import io.github.asyncmiddleware.sample.upstream.Price;
import io.github.asyncmiddleware.sample.upstream.Recommendations;
import io.github.asyncmiddleware.sample.upstream.Reviews;
import io.github.asyncmiddleware.sample.upstream.Stock;
import org.jspecify.annotations.Nullable;

/**
 * What the product page shows.
 *
 * @param id the number of the product
 * @param tenant for whom the page was made
 * @param flags which features are on, if that is known
 * @param experiment which variant is shown, if that is known
 * @param price what the product costs
 * @param stock how many there are
 * @param reviews what others say about it
 * @param recommendations what else might be of interest
 */
record Product(int id, String tenant, @Nullable Flags flags, @Nullable Experiment experiment, Price price, Stock stock,
		Reviews reviews, Recommendations recommendations) {

}
